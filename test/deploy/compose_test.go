// Package deploy tries docker-compose.yml without Docker: what it says is
// checked, and the commands it names are started as plain processes.
package deploy

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// root is the project's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// load reads docker-compose.yml as Compose does, with these variables only.
func load(t *testing.T, variables map[string]string) *types.Project {
	t.Helper()
	dir := root(t)
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
		Environment: variables,
	}, loader.WithProfiles([]string{"simulator", "monitoring"}), func(o *loader.Options) { o.SetProjectName("rebuttal", true) })
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// Debian's docker-compose is older than the specification and reads the file
// as well.
func TestComposeFileInDebiansWords(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("docker-compose")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Error("docker-compose is not installed; make test installs it")
		}
		t.Log("docker-compose is not installed: docker-compose.yml is not checked by it")
		return
	}
	for _, args := range []string{"config", "--profile simulator config", "--profile monitoring config"} {
		cmd := exec.CommandContext(t.Context(), path, append(strings.Fields(args), "--quiet")...) // #nosec G204 -- found on PATH
		cmd.Dir = root(t)
		cmd.Env = append(os.Environ(), "POSTGRES_PASSWORD=secret")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("docker-compose %s: %v\n%s", args, err, out)
		}
	}
}

// Without a password nothing starts.
func TestComposeFileWantsAPassword(t *testing.T) {
	t.Parallel()
	dir := root(t)
	_, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
	}, func(o *loader.Options) { o.SetProjectName("rebuttal", true) })
	if err == nil || !strings.Contains(err.Error(), "set POSTGRES_PASSWORD") {
		t.Errorf("without POSTGRES_PASSWORD: %v", err)
	}
}

var pinned = regexp.MustCompile(`^[a-z./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$`)

func TestServicesAreHardened(t *testing.T) {
	t.Parallel()
	p := load(t, map[string]string{"POSTGRES_PASSWORD": "secret"})
	for name, s := range p.AllServices() {
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %s is not pinned by version", name, s.Image)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == 0 || s.Restart == "" {
			t.Errorf("%s lacks no-new-privileges, mem_limit or restart", name)
		}
		if s.Build != nil && (!s.ReadOnly || s.User == "" || !slices.Contains(s.CapDrop, "ALL")) {
			t.Errorf("%s has to be read-only, without capabilities and not root", name)
		}
		if !oneShot(p, name) && s.HealthCheck == nil {
			t.Errorf("%s has no health check", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s to others", name, port.Published)
			}
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
				t.Errorf("%s mounts %s: %v, read-only %t", name, v.Source, err, v.ReadOnly)
			}
		}
		for dep, how := range s.DependsOn {
			if how.Condition == types.ServiceConditionHealthy && p.AllServices()[dep].HealthCheck == nil {
				t.Errorf("%s waits for the health of %s, which has no check", name, dep)
			}
		}
	}
}

// oneShot says whether others wait for a service to end.
func oneShot(p *types.Project, name string) bool {
	for _, s := range p.AllServices() {
		if s.DependsOn[name].Condition == types.ServiceConditionCompletedSuccessfully {
			return true
		}
	}
	return false
}

// The Temporal that is tried here is the one that Docker runs.
func TestTemporalVersions(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(root(t), "tools/temporal-server/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`go\.temporal\.io/server v(\S+)`).FindSubmatch(mod)
	if found == nil {
		t.Fatal("tools/temporal-server/go.mod pins no server")
	}
	p := load(t, map[string]string{"POSTGRES_PASSWORD": "secret"})
	for service, image := range map[string]string{"temporal": "temporalio/server", "temporal-schema": "temporalio/admin-tools"} {
		if got, want := p.Services[service].Image, image+":"+string(found[1]); got != want {
			t.Errorf("%s runs %s, and tools/temporal-server builds %s", service, got, want)
		}
	}
}

// A browser with the Temporal UI asks the starter's codec, which answers to
// that UI only.
func TestAddressesAgree(t *testing.T) {
	t.Parallel()
	p := load(t, map[string]string{"POSTGRES_PASSWORD": "secret"})
	ui, starter := "http://localhost:"+published(t, p, "temporal-ui"), "http://localhost:"+published(t, p, "starter")
	env := p.Services["temporal-ui"].Environment
	if got := *env["TEMPORAL_CODEC_ENDPOINT"]; got != starter+"/codec" {
		t.Errorf("the UI asks the codec at %s, which is at %s", got, starter)
	}
	if got := *env["TEMPORAL_CORS_ORIGINS"]; got != ui {
		t.Errorf("the UI is at %s and allows %s", ui, got)
	}
	for _, file := range []string{"config.yaml", "config.simulator.yaml"} {
		text, err := os.ReadFile(filepath.Join(root(t), "deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"ui": ui, "public_url": starter} {
			if !regexp.MustCompile(`(?m)^\s*` + key + `: ` + regexp.QuoteMeta(want) + `(\s|$)`).Match(text) {
				t.Errorf("deploy/%s: %s is not %s", file, key, want)
			}
		}
	}
}

// published is the port of this machine that leads to a service.
func published(t *testing.T, p *types.Project, service string) string {
	t.Helper()
	ports := p.Services[service].Ports
	if len(ports) != 1 {
		t.Fatalf("%s publishes %d ports, want one", service, len(ports))
	}
	return ports[0].Published
}

// target is the service and its port that an address of this machine leads to.
func target(t *testing.T, p *types.Project, address string) (service string, port int) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range p.Services {
		for _, here := range s.Ports {
			if here.Published == u.Port() {
				return name, int(here.Target)
			}
		}
	}
	t.Fatalf("nothing is published as %s", strconv.Quote(address))
	return "", 0
}
