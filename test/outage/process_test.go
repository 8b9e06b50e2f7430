package outage

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process is a role of Rebuttal in a process of its own. Nobody starts it again.
type process struct {
	role string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// run starts a role; the test's end kills it.
func (s *stage) run(role string) *process {
	s.Helper()
	log, err := os.CreateTemp(s.TempDir(), role)
	s.must("log", err)
	p := &process{role: role, log: log.Name(), done: make(chan struct{})}
	p.cmd = exec.Command(s.bin, role, "--config", s.sys.File) //nolint:noctx // kill ends it
	p.cmd.Stdout, p.cmd.Stderr = log, log
	s.must(role, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code is read from the process's state
		_ = log.Close()
	}()
	s.Cleanup(func() {
		p.kill()
		if s.Failed() {
			s.Logf("the %s's last words:\n%s", role, p.words())
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// said reports whether a text is in the process's log.
func (p *process) said(text string) bool {
	b, err := os.ReadFile(p.log)
	return err == nil && strings.Contains(string(b), text)
}

// words are the end of the process's log.
func (p *process) words() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-3000):])
}

// listens reports whether the starter answers.
func (s *stage) listens() bool {
	c := http.Client{Timeout: time.Second}
	resp, err := c.Get(s.sys.Console + "/healthz") //nolint:noctx // the client has a time-out
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
