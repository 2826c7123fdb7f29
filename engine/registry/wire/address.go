package wire

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"mvrun/validate"
)

// Reach says from where an address can be reached. A host on the internet must not
// make this program ask an address that only this machine, or only its network,
// reaches.
type Reach int

const (
	Public    Reach = iota // also a name, whatever it leads to
	Private                // a private network
	Loopback               // this machine
	LinkLocal              // one cable; clouds serve a machine's own credentials there
)

// ReachOf returns the reach of a host as it stands in a URL, without its port. It
// asks no name server.
func ReachOf(host string) Reach {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return Loopback
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return Public
	}
	return reachOf(address)
}

// sharedSpace is for the networks of carriers, and some clouds use it like a
// private network (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func reachOf(address netip.Addr) Reach {
	address = address.Unmap().WithZone("")
	switch {
	case address.IsLoopback(), address.IsUnspecified():
		return Loopback
	case address.IsLinkLocalUnicast(), address.IsMulticast():
		return LinkLocal
	case address.IsPrivate(), sharedSpace.Contains(address):
		return Private
	}
	return Public
}

// IsInternal reports whether a host is on this machine or in a private network. It
// asks a name server for a name, and all addresses of the name must be such ones.
func IsInternal(ctx context.Context, host string) bool { return allReach(ctx, host, Private, Loopback) }

// allReach reports whether all addresses of a host have one of some reaches.
func allReach(ctx context.Context, host string, wanted ...Reach) bool {
	if reach := ReachOf(host); reach != Public || net.ParseIP(strings.Trim(host, "[]")) != nil {
		return slices.Contains(wanted, reach)
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err == nil && len(addresses) > 0 &&
		!slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !slices.Contains(wanted, reachOf(a)) })
}

// LinkLocalError says that a name leads to a link-local address, and that no connection
// was made.
type LinkLocalError struct{ Address string }

func (e *LinkLocalError) Error() string {
	return fmt.Sprintf("the name leads to the link-local address %s, which is not asked: clouds keep the credentials of their machines there", e.Address)
}

// Reason returns the reason of an image's result.
func (e *LinkLocalError) Reason() validate.Reason { return validate.Unreachable }

// refuseLinkLocal is the Control function of a net.Dialer. It sees the address to which
// a name leads, before the connection is made.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	if target, err := netip.ParseAddrPort(address); err == nil && reachOf(target.Addr()) == LinkLocal {
		return &LinkLocalError{target.Addr().String()}
	}
	return nil
}
