package chaos

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// restart is how long a process that ended stays away, as a service manager
// has it.
const restart = 200 * time.Millisecond

// keeper runs a role as a process and starts it again whenever it ends.
type keeper struct {
	args []string
	log  *os.File

	mu    sync.Mutex
	cmd   *exec.Cmd
	away  time.Duration // after the next end
	alive bool
	ended bool
	ends  int // deaths of either kind
	kills int
	done  chan struct{}
}

// keep starts a role of Rebuttal and keeps it running until the test ends.
func keep(t *testing.T, bin, role, config string) *keeper {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), role)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{args: []string{bin, role, "--config", config}, log: log, away: restart, done: make(chan struct{})}
	go k.run()
	t.Cleanup(func() {
		k.end()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the %s's last words:\n%s", role, text[max(0, len(text)-4000):])
		}
		_ = log.Close()
	})
	return k
}

func (k *keeper) run() {
	defer close(k.done)
	for k.start() {
		_ = k.cmd.Wait() // how it ended is in its log
		k.mu.Lock()
		pause := k.away
		k.away, k.alive = restart, false
		k.ends++
		k.mu.Unlock()
		time.Sleep(pause)
	}
}

// start runs the process once more, unless the end has come.
func (k *keeper) start() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return false
	}
	k.cmd = exec.Command(k.args[0], k.args[1:]...)
	k.cmd.Stdout, k.cmd.Stderr = k.log, k.log
	k.alive = k.cmd.Start() == nil
	return k.alive
}

// kill ends the process with SIGKILL, once there is one to kill; it comes back
// after the pause.
func (k *keeper) kill(pause time.Duration) {
	for !k.strike(pause) {
		time.Sleep(10 * time.Millisecond)
	}
}

func (k *keeper) strike(pause time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.alive || k.ended {
		return k.ended
	}
	k.away, k.alive = pause, false
	k.kills++
	_ = k.cmd.Process.Kill()
	return true
}

// pid is the number of the present process, or of the last one.
func (k *keeper) pid() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cmd == nil || k.cmd.Process == nil {
		return 0
	}
	return k.cmd.Process.Pid
}

// fell is how often the process ended by itself.
func (k *keeper) fell() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ends - k.kills
}

func (k *keeper) end() {
	k.mu.Lock()
	k.ended = true
	if k.alive {
		_ = k.cmd.Process.Kill()
	}
	k.mu.Unlock()
	<-k.done
}
