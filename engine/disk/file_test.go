//go:build unix

package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// someone is a user who is neither root nor the user of the tests, when these run as
// root. Only root can make the files of another user.
const someone = 4242

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A link of this user is followed, and stays a link.
func TestReplaceLink(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	write(t, file, "old")
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("new")); err != nil || read(t, file) != "new" {
		t.Errorf("replacing: %v; the file has %q", err, read(t, file))
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is no link any more: %v, %v", info, err)
	}
	if err := Remove(link); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file is still there")
	}
	if err := Replace(link, []byte("again")); err != nil || read(t, file) != "again" {
		t.Errorf("a link that leads to nothing: %v", err)
	}
}

func TestLinksWithoutEnd(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("link", link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, nil); err == nil || !strings.Contains(err.Error(), "symbolic links lead") {
		t.Errorf("got %v", err)
	}
}

// TestOwner shows which files of other users are used.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make the files of another user")
	}
	const shared, team = fs.ModeSticky | 0o777, 0o777
	for _, test := range []struct {
		name   string
		folder fs.FileMode
		link   bool
		owner  int
		ok     bool
	}{
		{"my file", shared, false, os.Geteuid(), true},
		{"another user's file in /tmp", shared, false, someone, false},
		{"another user's file in a team's folder", team, false, someone, true},
		{"another user's file in a closed folder", fs.ModeSticky | 0o755, false, someone, true},
		{"my link", shared, true, os.Geteuid(), true},
		{"another user's link in /tmp", shared, true, someone, false},
		{"another user's link in a team's folder", team, true, someone, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "shared")
			victim, path := filepath.Join(t.TempDir(), "victim"), filepath.Join(folder, "file")
			write(t, victim, "mine")
			if err := os.Mkdir(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, test.folder); err != nil {
				t.Fatal(err)
			}
			if test.link {
				if err := os.Symlink(victim, path); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, path, "old")
			}
			if err := syscall.Lchown(path, test.owner, -1); err != nil {
				t.Fatal(err)
			}
			if err := CheckOwner(path); (err == nil) != test.ok {
				t.Errorf("CheckOwner: %v", err)
			}
			if err := CheckReplaceable(path); (err == nil) != test.ok {
				t.Errorf("CheckReplaceable: %v", err)
			}
			if err := Replace(path, []byte("new")); (err == nil) != test.ok {
				t.Errorf("Replace: %v", err)
			}
			if got := read(t, victim); (got == "new") != (test.link && test.ok) {
				t.Errorf("the victim has %q", got)
			}
			if err := Remove(path); (err == nil) != test.ok {
				t.Errorf("Remove: %v", err)
			}
			if _, err := os.Stat(victim); test.link && test.ok != (err != nil) {
				t.Errorf("the victim after Remove: %v", err)
			}
		})
	}
}

// A folder that is another user's link is not written to, also if a link of this user leads
// through it.
func TestFolderLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make the files of another user")
	}
	folder := t.TempDir()
	for _, name := range []string{"victim", "victim/deep"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []struct {
		name, to string
		owner    int
	}{{"ours", "victim", 0}, {"theirs", "victim", someone}, {"through", "theirs/deep", 0}, {"file", "theirs/failed.txt", 0}, {"absolute", filepath.Join(folder, "theirs"), 0}} {
		path := filepath.Join(folder, link.name)
		if err := os.Symlink(link.to, path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Lchown(path, link.owner, -1); err != nil {
			t.Fatal(err)
		}
	}
	for path, ok := range map[string]bool{
		"victim/failed.txt": true, "ours/failed.txt": true, "ours/deep/failed.txt": true, "nowhere/failed.txt": true,
		"theirs/failed.txt": false, "theirs/deep/failed.txt": false, "through/failed.txt": false, "absolute/failed.txt": false, "file": false,
		"ours/../theirs/failed.txt": false,
	} {
		if err := CheckOwner(filepath.Join(folder, "victim", "..") + "/" + path); (err == nil) != ok {
			t.Errorf("%s: got %v", path, err)
		}
	}
	t.Chdir(folder)
	for path, ok := range map[string]bool{"failed.txt": true, "ours/failed.txt": true, "theirs/failed.txt": false, "./theirs//failed.txt": false} {
		if err := CheckOwner(path); (err == nil) != ok {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
