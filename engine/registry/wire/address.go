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

// AddressError says that a name leads to an address that is not asked, and that no
// connection was made.
type AddressError struct{ Address, Why string }

func (e *AddressError) Error() string {
	return fmt.Sprintf("the name leads to %s, which is not asked: %s", e.Address, e.Why)
}

// Reason returns the reason of an image's result.
func (e *AddressError) Reason() validate.Reason { return validate.Unreachable }

type redirectedKey struct{}

// Redirected returns the context of a request to which the registry at the host asked has
// redirected.
func Redirected(ctx context.Context, asked string) context.Context {
	return context.WithValue(ctx, redirectedKey{}, asked)
}

// guard returns the Control function of a net.Dialer for the connection of a request. It
// sees the address to which a name leads, before the connection is made. Nothing is asked at
// a link-local address, and a redirect does not lead to this machine, unless the registry is
// on this machine itself.
func guard(ctx context.Context) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil // no address of the internet
		}
		asked, redirected := ctx.Value(redirectedKey{}).(string)
		switch reach := reachOf(target.Addr()); {
		case reach == LinkLocal:
			return &AddressError{target.Addr().String(), "it is link-local, where clouds keep the credentials of their machines"}
		case reach == Loopback && redirected && !isLoopback(ctx, asked):
			return &AddressError{target.Addr().String(), "that is this machine, and the registry that redirects there is another one"}
		}
		return nil
	}
}
