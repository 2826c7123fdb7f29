package oracle

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slurm is a cluster of one machine: the daemons munged, slurmctld and slurmd, which run as
// the user of the test, and keep all their files in one folder. Their key is random, so
// they trust nobody else.
type slurm struct {
	ctx         context.Context // ends before the test does
	dir         string
	environment []string // of the daemons, and of the commands that speak to them
	daemons     []*exec.Cmd
}

// slurmFiles returns the folder with the files that users get.
func slurmFiles(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../../examples/deploy/slurm")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// startSlurm starts a cluster, and stops it when the test ends.
func startSlurm(t *testing.T) *slurm {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin") // not all users have it
	needPrograms(t, "munged", "slurmctld", "slurmd", "sbatch")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	dir, err := os.MkdirTemp("", "mvrun-slurm-") // a short path, since it has a socket
	if err != nil {
		t.Fatal(err)
	}
	s := &slurm{ctx: ctx, dir: dir, environment: []string{
		"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"),
		"HOME=" + dir,
		"SLURM_CONF=" + filepath.Join(dir, "slurm.conf"), // also tells the processes of this cluster from others
	}}
	t.Cleanup(func() { s.clean(t) })
	s.configure(t)
	socket := filepath.Join(dir, "munge.sock")
	s.start(t, "munged", "--foreground", "--force", "--socket="+socket, "--key-file="+filepath.Join(dir, "munge.key"),
		"--pid-file="+filepath.Join(dir, "munged.pid"), "--seed-file="+filepath.Join(dir, "munged.seed"))
	s.poll(t, "munged", func() bool { return s.command("munge", "--no-input", "--socket="+socket).Run() == nil })
	s.start(t, "slurmctld", "-D")
	s.start(t, "slurmd", "-D", "-N", nodeName(t))
	s.poll(t, "the node to be idle", func() bool {
		states, err := s.command("sinfo", "--noheader", "--format=%t").Output()
		return err == nil && strings.TrimSpace(string(states)) == "idle"
	})
	return s
}

// configure writes the files that the daemons read.
func (s *slurm) configure(t *testing.T) {
	t.Helper()
	key := make([]byte, 128)
	rand.Read(key)
	if err := os.WriteFile(filepath.Join(s.dir, "munge.key"), key, 0o400); err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 2)
	node := nodeName(t)
	address, isLoopback := loopbackAddress(t)
	user := strconv.Itoa(os.Getuid())
	settings := []string{
		"ClusterName=mvrun",
		"SlurmctldHost=" + node + "(" + address + ")",
		"SlurmctldPort=" + ports[0],
		"SlurmdPort=" + ports[1],
		"SlurmUser=" + user,
		"SlurmdUser=" + user,
		"AuthInfo=socket=" + filepath.Join(s.dir, "munge.sock"),
		"StateSaveLocation=" + filepath.Join(s.dir, "state"),
		"SlurmdSpoolDir=" + filepath.Join(s.dir, "spool"),
		"SlurmctldPidFile=" + filepath.Join(s.dir, "slurmctld.pid"),
		"SlurmdPidFile=" + filepath.Join(s.dir, "slurmd.pid"),
		// Without cgroups, which need a systemd.
		"ProctrackType=proctrack/linuxproc",
		"TaskPlugin=task/none",
		"JobAcctGatherType=jobacct_gather/none",
		"SelectType=select/cons_tres",
		"SelectTypeParameters=CR_CPU",
		"SchedulerParameters=batch_sched_delay=0,sched_interval=1",
		// Four tasks run at once, whatever the machine has.
		"SlurmdParameters=config_overrides",
		"NodeName=" + node + " NodeAddr=" + address + " CPUs=4 RealMemory=2048",
		"PartitionName=main Nodes=ALL Default=YES State=UP",
	}
	if isLoopback { // listen nowhere else
		settings = append(settings, "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny")
	}
	write(t, filepath.Join(s.dir, "slurm.conf"), strings.Join(settings, "\n")+"\n")
	for _, folder := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// nodeName returns the name of this machine as Slurm wants it, without a domain.
func nodeName(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(host, ".")
	return name
}

// loopbackAddress returns the address of the daemons. If the name of this machine has a
// loopback address, they can be told to listen there alone. Otherwise they listen at
// all addresses.
func loopbackAddress(t *testing.T) (address string, isLoopback bool) {
	t.Helper()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	addresses, _ := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", host)
	for _, address := range addresses {
		if address.IsLoopback() {
			return address.Unmap().String(), true
		}
	}
	return "127.0.0.1", false
}

// freePorts returns ports at which nobody listens.
func freePorts(t *testing.T, count int) []string {
	t.Helper()
	var ports []string
	for range count {
		listener, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() // together, so that no port is there twice
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// command returns a command in the cluster's environment.
func (s *slurm) command(name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.ctx, name, arguments...)
	command.Env = s.environment
	return command
}

// run runs a command in a folder, and returns what it prints.
func (s *slurm) run(t *testing.T, folder, name string, arguments ...string) string {
	t.Helper()
	command := s.command(name, arguments...)
	command.Dir = folder
	out, err := command.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		t.Fatalf("%s %s: %v", filepath.Base(name), strings.Join(arguments, " "), err)
	}
	return string(out)
}

// start starts a daemon, whose log goes to a file with its name.
func (s *slurm) start(t *testing.T, name string, arguments ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the daemon has its own
	daemon := exec.Command(name, arguments...)
	daemon.Env = s.environment
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	s.daemons = append(s.daemons, daemon)
}

// clean ends all processes of the cluster, and removes its files. If the test failed,
// it shows the ends of the logs.
func (s *slurm) clean(t *testing.T) {
	if t.Failed() {
		logs, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
		for _, log := range logs {
			content := read(t, log)
			t.Logf("%s ends with\n%s", filepath.Base(log), content[max(0, len(content)-2000):])
		}
	}
	// A process may start another one in the meantime, so look until none is left.
	for left := s.processes(t); len(left) > 0; left = s.processes(t) {
		for _, id := range left {
			syscall.Kill(id, syscall.SIGKILL)
		}
	}
	for _, daemon := range s.daemons {
		daemon.Wait()
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Error(err)
	}
}

// processes returns the daemons of the cluster, and what they started. A process that has
// ended is not among them.
func (s *slurm) processes(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err == nil && strings.Contains(processEnvironment(id), "\x00SLURM_CONF="+filepath.Join(s.dir, "slurm.conf")+"\x00") {
			found = append(found, id)
		}
	}
	return found
}

// processEnvironment returns the variables with which a process was started. Each stands
// between two zero bytes.
func processEnvironment(id int) string {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", id))
	if err != nil { // of another user, or ended
		return ""
	}
	return "\x00" + string(environment)
}
