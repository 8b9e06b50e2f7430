package deploy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

// insideImage is where the Dockerfile puts the program, which is its entry point.
const insideImage = "/usr/local/bin/rebuttal"

// stack runs the services of a compose file as processes of this machine. A
// container's port becomes a free one here, its mounts become folders here.
type stack struct {
	project *types.Project
	dir     string                    // ours: binaries, volumes, logs
	path    string                    // PATH of the processes
	ports   map[string]map[int]string // service and its port to an address here
	given   map[string]bool           // services that something else plays
	extra   map[string][]string       // environment that only a shared machine needs
	running []*process
}

// process is a service that was started.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	grace time.Duration
	ended chan struct{}
}

func newStack(t *testing.T, p *types.Project) *stack {
	t.Helper()
	// Not t.TempDir, which other users cannot enter.
	dir, err := os.MkdirTemp("", "rebuttal-deploy-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	check(t, os.Chmod(dir, 0o755)) //nolint:gosec // the services' users pass through
	s := &stack{project: p, dir: dir, path: filepath.Join(dir, "bin"), ports: map[string]map[int]string{}, given: map[string]bool{}, extra: map[string][]string{}}
	for name, service := range p.Services {
		s.ports[name] = map[int]string{}
		for _, port := range service.Ports {
			s.ports[name][int(port.Target)] = testenv.FreeAddress(t)
		}
		for _, port := range service.Expose {
			number, err := strconv.Atoi(port)
			check(t, err)
			s.ports[name][number] = testenv.FreeAddress(t)
		}
	}
	t.Cleanup(func() { s.stop(t) })
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// up starts a service after those it depends on, and returns when it is as its
// own dependents want it: healthy, or done.
func (s *stack) up(t *testing.T, name string) {
	t.Helper()
	if s.given[name] || slices.ContainsFunc(s.running, func(p *process) bool { return p.name == name }) {
		return
	}
	service := s.project.Services[name]
	for _, dep := range slices.Sorted(maps.Keys(service.DependsOn)) {
		s.up(t, dep)
	}
	begin := time.Now()
	p := s.start(t, name, s.argv(service))
	if oneShot(s.project, name) {
		p.wait(t, 3*time.Minute)
	} else {
		s.awaitHealth(t, service, p)
	}
	t.Logf("%s is up after %s", name, time.Since(begin).Round(10*time.Millisecond))
}

// run starts a service's image once more with other arguments, as docker
// compose run does, and returns what it printed.
func (s *stack) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	p := s.start(t, name, append([]string{insideImage}, args...))
	p.wait(t, time.Minute)
	return p.output(t)
}

func (s *stack) argv(service types.ServiceConfig) []string {
	entry := []string(service.Entrypoint)
	if service.Build != nil {
		entry = []string{insideImage}
	}
	return slices.Concat(entry, []string(service.Command))
}

func (s *stack) start(t *testing.T, name string, argv []string) *process {
	t.Helper()
	service := s.project.Services[name]
	here := s.translator(t, service)
	argv = slices.Clone(argv)
	for i := range argv {
		argv[i] = here(argv[i])
	}
	program := argv[0]
	if !filepath.IsAbs(program) {
		program = filepath.Join(s.dir, "bin", program)
	}
	log, err := os.CreateTemp(s.dir, name+"-*.log")
	check(t, err)
	defer func() { check(t, log.Close()) }()

	cmd := exec.Command(program, argv[1:]...) //nolint:gosec,noctx // from our own compose file; it is stopped by stop
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.Env = slices.Concat([]string{"PATH=" + s.path, "HOME=" + s.dir}, s.extra[name])
	for key, value := range service.Environment {
		if value != nil {
			cmd.Env = append(cmd.Env, key+"="+cmp.Or(s.alone(t, *value), here(*value)))
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential(t, service.User)}
	check(t, cmd.Start())
	p := &process{name: name, cmd: cmd, log: log.Name(), grace: 10 * time.Second, ended: make(chan struct{})}
	if service.StopGracePeriod != nil {
		p.grace = time.Duration(*service.StopGracePeriod)
	}
	go func() {
		_ = cmd.Wait() // wait and stop look at its state
		close(p.ended)
	}()
	s.running = append(s.running, p)
	return p
}

// credential is the user that the compose file names, where we may become it.
func credential(t *testing.T, user string) *syscall.Credential {
	t.Helper()
	if user == "" || os.Geteuid() != 0 {
		return nil
	}
	var uid, gid uint32
	_, err := fmt.Sscanf(user, "%d:%d", &uid, &gid)
	check(t, err)
	return &syscall.Credential{Uid: uid, Gid: gid}
}

// translator turns what a container reads into what holds here: addresses of
// services, its own listeners, addresses that are published, mounts.
func (s *stack) translator(t *testing.T, service types.ServiceConfig) func(string) string {
	t.Helper()
	pairs := []string{insideImage, filepath.Join(s.dir, "bin", "rebuttal")}
	for port, address := range s.ports[service.Name] {
		for _, host := range []string{"0.0.0.0", "127.0.0.1", "localhost"} {
			pairs = append(pairs, fmt.Sprintf("%s:%d", host, port), address)
		}
	}
	for name, other := range s.project.Services {
		for port, address := range s.ports[name] {
			pairs = append(pairs, fmt.Sprintf("%s:%d", name, port), address)
		}
		for _, port := range other.Ports {
			pairs = append(pairs, "localhost:"+port.Published, s.ports[name][int(port.Target)])
		}
	}
	for _, v := range service.Volumes {
		if v.Type == types.VolumeTypeVolume {
			pairs = append(pairs, v.Target, s.volume(t, v.Source, service.User))
		}
	}
	words := strings.NewReplacer(pairs...)
	for _, v := range service.Volumes {
		if v.Type == types.VolumeTypeBind {
			pairs = append(pairs, v.Target, s.copied(t, v, words))
		}
	}
	return strings.NewReplacer(pairs...).Replace
}

// alone is what a variable holds here that names a host or a port by itself,
// as Temporal's do, and empty for any other.
func (s *stack) alone(t *testing.T, value string) string {
	t.Helper()
	if _, host := s.project.Services[value]; host || value == "0.0.0.0" {
		return "127.0.0.1"
	}
	for port, address := range s.ports["postgres"] {
		if value == strconv.Itoa(port) {
			_, here, err := net.SplitHostPort(address)
			check(t, err)
			return here
		}
	}
	return ""
}

// volume is the folder of a named volume, which belongs to its user.
func (s *stack) volume(t *testing.T, name, user string) string {
	t.Helper()
	folder := filepath.Join(s.dir, "volume-"+name)
	check(t, os.MkdirAll(folder, 0o700))
	if as := credential(t, user); as != nil {
		check(t, os.Chown(folder, int(as.Uid), int(as.Gid)))
	}
	return folder
}

// copied is a mounted file whose addresses and folders hold here.
func (s *stack) copied(t *testing.T, v types.ServiceVolumeConfig, words *strings.Replacer) string {
	t.Helper()
	text, err := os.ReadFile(v.Source)
	check(t, err)
	path := filepath.Join(s.dir, filepath.Base(v.Target))
	check(t, os.WriteFile(path+".new", []byte(words.Replace(string(text))), 0o644)) //nolint:gosec // others read it, as they read a mount
	check(t, os.Rename(path+".new", path))                                          // a service that starts reads the old one or the new, whole
	return path
}

// awaitHealth asks a service's health check as often as Compose may.
func (s *stack) awaitHealth(t *testing.T, service types.ServiceConfig, p *process) {
	t.Helper()
	h := service.HealthCheck
	limit := time.Duration(*h.Interval) * time.Duration(*h.Retries)
	if h.StartPeriod != nil {
		limit += time.Duration(*h.StartPeriod)
	}
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	here := s.translator(t, service)
	for {
		err := s.healthy(ctx, here, h.Test)
		if err == nil {
			return
		}
		select {
		case <-p.ended:
			t.Fatalf("%s ended: %s\n%s", p.name, p.cmd.ProcessState, p.output(t))
		case <-ctx.Done():
			t.Fatalf("%s is not healthy after %s: %v\n%s", p.name, limit, err, p.output(t))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// healthy runs a health check. What images have of wget is played by our own
// program, so that nothing has to be installed.
func (s *stack) healthy(ctx context.Context, here func(string) string, test []string) error {
	argv := slices.Clone(test[1:]) // without CMD
	if argv[0] == "wget" {
		argv = []string{insideImage, "probe", argv[len(argv)-1]}
	}
	for i := range argv {
		argv[i] = here(argv[i])
	}
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput() // #nosec G204 -- from our own compose file
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// wait returns when the process has ended well.
func (p *process) wait(t *testing.T, limit time.Duration) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		t.Fatalf("%s still runs after %s\n%s", p.name, limit, p.output(t))
	}
	if !p.cmd.ProcessState.Success() {
		t.Fatalf("%s: %s\n%s", p.name, p.cmd.ProcessState, p.output(t))
	}
}

func (p *process) output(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	check(t, err)
	return string(text[max(0, len(text)-6000):])
}

// stop ends what runs, last started first, within the grace that Compose gives.
func (s *stack) stop(t *testing.T) {
	t.Helper()
	for _, p := range slices.Backward(s.running) {
		select {
		case <-p.ended:
			continue
		default:
		}
		check(t, p.cmd.Process.Signal(syscall.SIGTERM))
		select {
		case <-p.ended:
			if !p.cmd.ProcessState.Success() {
				t.Errorf("%s, told to stop: %s\n%s", p.name, p.cmd.ProcessState, p.output(t))
			}
		case <-time.After(cmp.Or(p.grace, time.Second)):
			t.Errorf("%s does not stop within %s\n%s", p.name, p.grace, p.output(t))
			check(t, p.cmd.Process.Kill())
			<-p.ended
		}
	}
	s.running = nil
}
