package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a child that writes to a log file and dies with this process.
type process struct {
	name    string
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed when the child has been waited for
}

// step is one attempt to end a child: a signal and the time it is given.
type step struct {
	signal syscall.Signal
	grace  time.Duration
}

// startProcess runs cmd as the given account (nil: as ourselves). onDeath is
// the signal the child gets when this process ends without stopping it.
func startProcess(name string, cmd *exec.Cmd, logPath string, onDeath syscall.Signal, as *account) (*process, error) {
	out, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttr(onDeath, as)

	p := &process{name: name, cmd: cmd, logPath: logPath, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel sends the death signal when the thread that forked ends,
		// so that thread stays with the child as long as it lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the exit code is of no use: the log says why
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// alive says whether the child still runs. A nil process does not.
func (p *process) alive() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop tries each step in turn, then kills; it returns when the child is gone.
// A done ctx shortens every grace to nothing.
func (p *process) stop(ctx context.Context, steps ...step) {
	if !p.alive() {
		return
	}
	for _, s := range steps {
		_ = p.cmd.Process.Signal(s.signal)
		timer := time.NewTimer(s.grace)
		select {
		case <-p.done:
			timer.Stop()
			return
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// waitReady polls probe until it succeeds, the child ends, or ctx is done. The
// error carries the end of the child's log.
func (p *process) waitReady(ctx context.Context, probe func(context.Context) error) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := probe(try)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while starting: %w; its log ends with:\n%s", p.name, errEnded, tail(p.logPath))
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer in time: %w; its log ends with:\n%s", p.name, errors.Join(ctx.Err(), err), tail(p.logPath))
		case <-ticker.C:
		}
	}
}

// errEnded marks a child that ended by itself, which a second try may mend: a
// port taken in between, or a predecessor that has not quite gone.
var errEnded = errors.New("the process is gone")

// tail returns the last lines of a log file.
func tail(path string) string {
	const most = 2000
	b, err := os.ReadFile(path) //nolint:gosec // our own log file
	if err != nil {
		return err.Error()
	}
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strings.TrimSpace(string(b))
}

// freePort asks the kernel for a TCP port of the loopback interface.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// runLong runs a command that takes long, telling progress how long it has
// been at it. A failure carries the end of the command's output.
func runLong(ctx context.Context, cmd *exec.Cmd, what string, progress func(string)) error {
	cmd.SysProcAttr = childAttr(syscall.SIGKILL, nil)
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out

	finished := make(chan struct{})
	go func() {
		begin := time.Now()
		ticker := time.NewTicker(15 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-finished:
				return
			case <-ticker.C:
				progress(fmt.Sprintf("%s: %s so far", what, time.Since(begin).Round(time.Second)))
			}
		}
	}()
	err := cmd.Run()
	close(finished)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	if err != nil {
		text := strings.TrimSpace(out.String())
		return fmt.Errorf("%s: %w\n%s", what, err, text[max(0, len(text)-2000):])
	}
	return nil
}
