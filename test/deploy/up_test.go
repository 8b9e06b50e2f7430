package deploy

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

// server turns the long version on, as `make deploy-test` does. Without it the
// development server of the other tests plays Temporal's services, and the
// program is built as the other tests build it, which is quicker.
var server = flag.String("server", "", "folder with temporal-server and temporal-sql-tool: the long version")

// TestUp starts what docker compose --profile simulator up starts, in its
// order, and sends a dispute through it.
func TestUp(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	for _, name := range []string{"starter", "worker", "simulator"} {
		s.up(t, name)
	}
	if out := s.run(t, "migrate", "migrate", "--config", "/etc/rebuttal/config.yaml"); strings.Contains(out, "made") || strings.Contains(out, "added") {
		t.Errorf("migrating again changed something:\n%s", out)
	}
	if out := s.run(t, "starter", "doctor", "--config", "/etc/rebuttal/config.yaml"); strings.Contains(out, "FAIL") {
		t.Error(out)
	}
	token := strings.TrimSpace(s.run(t, "starter", "tokens", "create", "deploy-test", "--config", "/etc/rebuttal/config.yaml"))

	id := s.dispute(t)
	s.awaitCase(t, token, id)
	s.answeredOnce(t, id)
	c := s.temporal(t)
	s.codec(t, c, token, id)
	retention(t, c, s.variable("starter", "TEMPORAL_NAMESPACE"))
	for _, place := range []struct {
		service string
		port    int
		path    string
		says    string
	}{
		{"starter", 8080, "/readyz", `"ready":true`},
		{"starter", 8080, "/metrics", "rebuttal_"},
		{"worker", 9091, "/readyz", `"ready":true`},
		{"worker", 9091, "/metrics", "rebuttal_"},
		{"temporal", 9090, "/metrics", "persistence_"},
	} {
		if s.given[place.service] {
			continue // its own port is not there
		}
		status, body := s.get(t, "http://"+s.ports[place.service][place.port]+place.path, "")
		if status != http.StatusOK || !strings.Contains(body, place.says) {
			t.Errorf("%s%s answers %d without %s", place.service, place.path, status, place.says)
		}
	}
}

// prepare builds the program and starts PostgreSQL.
func prepare(t *testing.T) *stack {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	pg, err := devstack.StartPostgres(ctx, devstack.Options{Own: true, Unsafe: true})
	check(t, err)
	t.Cleanup(func() { check(t, pg.Stop(context.Background())) })
	address, err := url.Parse(pg.URL())
	check(t, err)
	password, _ := address.User.Password()

	s := newStack(t, load(t, map[string]string{
		"POSTGRES_PASSWORD": password, "REBUTTAL_CONFIG": "./deploy/config.simulator.yaml",
		"TEMPORAL_NAMESPACE": "deploy-" + strings.ToLower(rand.Text()[:8]), "NUM_HISTORY_SHARDS": "4",
	}))
	s.given["postgres"] = true
	s.ports["postgres"][5432] = address.Host
	bin := filepath.Join(s.dir, "bin")
	check(t, os.Mkdir(bin, 0o755)) //nolint:gosec // the services' users pass through
	build(t, command(t, *server != ""), root(t), filepath.Join(bin, "rebuttal"))
	s.prepareTemporal(t, bin)
	return s
}

// prepareTemporal makes Temporal ready: the real server on PostgreSQL, or the one that the
// other tests use.
func (s *stack) prepareTemporal(t *testing.T, bin string) {
	t.Helper()
	if *server == "" {
		t.Log("Temporal is the development server here; make deploy-test runs the server on PostgreSQL")
		s.given["temporal"], s.given["temporal-schema"] = true, true
		s.ports["temporal"][7233], _ = testenv.Temporal(t)
		return
	}
	for _, name := range []string{"temporal-server", "temporal-sql-tool"} {
		check(t, os.Symlink(filepath.Join(*server, name), filepath.Join(bin, name)))
	}
	// The schema job needs its shell; the ports that a container has to itself
	// are moved away from others on this machine.
	s.path += string(os.PathListSeparator) + os.Getenv("PATH")
	for _, name := range []string{
		"FRONTEND_MEMBERSHIP_PORT", "MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT", "HISTORY_GRPC_PORT",
		"HISTORY_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT",
	} {
		s.move(t, name, testenv.FreeAddress(t))
	}
	s.move(t, "FRONTEND_GRPC_PORT", s.ports["temporal"][7233])
	s.move(t, "FRONTEND_HTTP_PORT", s.ports["temporal"][7243])
}

func (s *stack) move(t *testing.T, variable, address string) {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	check(t, err)
	s.extra["temporal"] = append(s.extra["temporal"], variable+"="+port)
}

func (s *stack) variable(service, name string) string {
	return *s.project.Services[service].Environment[name]
}

// dispute has the simulated provider open a dispute and send its webhooks.
func (s *stack) dispute(t *testing.T) (id string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.ports["simulator"][8090]+"/disputes", http.NoBody)
	check(t, err)
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s %v", answer.Status, text, err)
	}
	return strings.TrimSpace(string(text))
}

func (s *stack) get(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	check(t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.StatusCode, string(text)
}

// awaitCase waits until the API shows the case as answered.
func (s *stack) awaitCase(t *testing.T, token, id string) {
	t.Helper()
	var body string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var status int
		status, body = s.get(t, "http://"+s.ports["starter"][8080]+"/v1/cases?q="+id, token)
		if status != http.StatusOK {
			t.Fatalf("/v1/cases answers %d: %s", status, body)
		}
		if strings.Contains(body, id) && strings.Contains(body, `"submitted"`) {
			return
		}
	}
	t.Fatalf("%s was not answered: %s", id, body)
}

// answeredOnce looks whether the provider has exactly one answer.
func (s *stack) answeredOnce(t *testing.T, id string) {
	t.Helper()
	_, body := s.get(t, "http://"+s.ports["simulator"][8090]+"/state.json", "")
	var state struct {
		Disputes []struct {
			ID          string
			Submissions int
		}
	}
	check(t, json.Unmarshal([]byte(body), &state))
	if len(state.Disputes) != 1 || state.Disputes[0].ID != id || state.Disputes[0].Submissions != 1 {
		t.Errorf("the provider has %+v, want one submission of %s", state.Disputes, id)
	}
}

func (s *stack) temporal(t *testing.T) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: s.ports["temporal"][7233], Namespace: s.variable("starter", "TEMPORAL_NAMESPACE"),
		Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	check(t, err)
	t.Cleanup(c.Close)
	return c
}

// codec does what a browser with the Temporal UI does: it takes a payload as
// Temporal keeps it to the codec endpoint that the UI is told.
func (s *stack) codec(t *testing.T, c client.Client, token, id string) {
	t.Helper()
	first, err := c.GetWorkflowHistory(t.Context(), "dispute/stripe-us/"+id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	check(t, err)
	kept := first.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if got := string(kept.GetPayloads()[0].GetMetadata()["encoding"]); got != "binary/encrypted" {
		t.Errorf("Temporal keeps the input as %s", got)
	}
	body, err := protojson.Marshal(kept)
	check(t, err)

	endpoint := s.variable("temporal-ui", "TEMPORAL_CODEC_ENDPOINT")
	service, port := target(t, s.project, endpoint)
	path, err := url.Parse(endpoint)
	check(t, err)
	ask := func(token string) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.ports[service][port]+path.Path+"/decode", bytes.NewReader(body))
		check(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Namespace", s.variable("starter", "TEMPORAL_NAMESPACE"))
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		check(t, err)
		defer func() { _ = answer.Body.Close() }()
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "http://"+s.ports["temporal-ui"][8080] {
			t.Errorf("the codec answers to %q, and the UI is at %s", got, s.ports["temporal-ui"][8080])
		}
		text, err := io.ReadAll(answer.Body)
		check(t, err)
		return answer.StatusCode, text
	}
	if status, _ := ask(""); status != http.StatusForbidden {
		t.Errorf("without a token the codec answers %d", status)
	}
	status, text := ask(token)
	var shown commonpb.Payloads
	if err := protojson.Unmarshal(text, &shown); err != nil || status != http.StatusOK {
		t.Fatalf("the codec answers %d: %v", status, err)
	}
	if !bytes.Contains(shown.GetPayloads()[0].GetData(), []byte(id)) {
		t.Errorf("the codec shows %s", shown.GetPayloads()[0].GetData())
	}
}

// retention looks at the namespace that migrate made.
func retention(t *testing.T, c client.Client, namespace string) {
	t.Helper()
	have, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	check(t, err)
	if got := have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != boot.DefaultRetention {
		t.Errorf("the namespace keeps closed cases for %s", got)
	}
}
