package boot

import (
	"context"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/rebuttal-hq/rebuttal/workflows"
)

const day = 24 * time.Hour

// said collects what Migrate tells.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) tell(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

func TestMigrateMakesTheNamespace(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.namespace += "-new"
	a := open(t, p)
	for _, step := range []struct {
		ask, want time.Duration
		says      []string
	}{
		{0, DefaultRetention, []string{"made namespace " + p.namespace + "; it keeps closed cases for 30 days", "added search attributes"}},
		{0, DefaultRetention, nil},
		{60 * day, 60 * day, []string{"now keeps closed cases for 60 days"}},
		{60 * day, 60 * day, nil},
		{0, 60 * day, nil},
	} {
		var s said
		if err := a.MigrateTemporal(t.Context(), Setup{Retention: step.ask, Progress: s.tell}); err != nil {
			t.Fatal(err)
		}
		for i, want := range step.says {
			if i >= len(s.lines) || !strings.Contains(s.lines[i], want) {
				t.Errorf("asked for %s: said %q, want %q", step.ask, s.lines, want)
			}
		}
		if len(s.lines) != len(step.says) {
			t.Errorf("asked for %s: said %q", step.ask, s.lines)
		}
		if got := retention(t, a); got != step.want {
			t.Errorf("asked for %s: the namespace keeps cases for %s", step.ask, got)
		}
	}
	if diff := cmp.Diff(workflows.SearchAttributes(), attributes(t, a)); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
}

func retention(t *testing.T, a *App) time.Duration {
	t.Helper()
	c, err := a.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	have, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: a.Namespace()})
	if err != nil {
		t.Fatal(err)
	}
	return have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
}

// Temporal starts later than migrate.
func TestMigrateWaitsForTemporal(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	server := p.temporal
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.temporal = ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	var s said
	err = open(t, p).MigrateTemporal(t.Context(), Setup{Patience: 500 * time.Millisecond, Progress: s.tell})
	if err == nil || !strings.Contains(err.Error(), p.temporal+" does not answer") {
		t.Errorf("away: %v", err)
	}
	if len(s.lines) != 1 || !strings.HasPrefix(s.lines[0], "waiting for Temporal at "+p.temporal) {
		t.Errorf("said %q", s.lines)
	}
	time.AfterFunc(1200*time.Millisecond, func() { forward(t, p.temporal, server) })
	if err := open(t, p).MigrateTemporal(t.Context(), Setup{Patience: time.Minute}); err != nil {
		t.Error(err)
	}
}

// forward lets connections to one address reach another, until the test ends.
func forward(t *testing.T, from, to string) {
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", from)
	if err != nil {
		t.Error(err)
		return
	}
	context.AfterFunc(t.Context(), func() { _ = ln.Close() })
	for {
		in, err := ln.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(t.Context(), "tcp", to)
		if err != nil {
			_ = in.Close()
			continue
		}
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
	}
}

// cloud is a Temporal that refuses some of what Migrate asks.
type cloud struct {
	workflowservice.WorkflowServiceClient
	system, describe, register, count error
}

func (c *cloud) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest, ...grpc.CallOption) (*workflowservice.GetSystemInfoResponse, error) {
	return nil, c.system
}

func (c *cloud) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	return nil, c.describe
}

func (c *cloud) RegisterNamespace(context.Context, *workflowservice.RegisterNamespaceRequest, ...grpc.CallOption) (*workflowservice.RegisterNamespaceResponse, error) {
	return nil, c.register
}

func (c *cloud) CountWorkflowExecutions(context.Context, *workflowservice.CountWorkflowExecutionsRequest, ...grpc.CallOption) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return nil, c.count
}

// attributeList is the operator's side of it.
type attributeList struct {
	operatorservice.OperatorServiceClient
	have      map[string]enumspb.IndexedValueType
	list, add error
	added     []string
}

func (l *attributeList) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: l.have}, l.list
}

func (l *attributeList) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption) (*operatorservice.AddSearchAttributesResponse, error) {
	if l.add == nil {
		l.added = slices.Sorted(maps.Keys(r.GetSearchAttributes()))
	}
	return nil, l.add
}

// What may not be done from here is said with the commands that do it.
func TestMigrateWhereItMayNot(t *testing.T) {
	t.Parallel()
	denied := serviceerror.NewPermissionDenied("Request unauthorized.", "")
	absent := serviceerror.NewNamespaceNotFound("acme")
	unknown := serviceerror.NewInvalidArgument("invalid search attribute: AmountMinor")
	without := func(name string) map[string]enumspb.IndexedValueType {
		all := workflows.SearchAttributes()
		delete(all, name)
		return all
	}
	bent := workflows.SearchAttributes()
	bent["Network"] = enumspb.INDEXED_VALUE_TYPE_TEXT
	for name, tc := range map[string]struct {
		service  cloud
		operator attributeList
		says     []string // nothing: it is content
		added    []string
	}{
		"wrong key": {service: cloud{system: denied}, says: []string{"refuses the credentials", "TEMPORAL_API_KEY"}},
		"no namespace, none may be made": {
			service: cloud{describe: absent, register: denied},
			says:    []string{"tcld namespace create --namespace acme --retention-days 30", "temporal operator namespace create --namespace acme --retention 720h"},
		},
		"no namespace for these credentials": {service: cloud{describe: denied}, says: []string{"tcld namespace create --namespace acme"}},
		"another process made it": {
			service: cloud{describe: absent, register: serviceerror.NewNamespaceAlreadyExists("acme")}, operator: attributeList{have: workflows.SearchAttributes()},
		},
		"attributes are there, the list is not for us": {operator: attributeList{list: denied}},
		"no attributes, none may be added": {
			service: cloud{count: unknown}, operator: attributeList{list: denied, add: denied},
			says: []string{
				`tcld namespace search-attributes add --namespace acme --search-attribute "AmountMinor=Int" --search-attribute "CaseQueue=Keyword"`,
				`"Deadline=Datetime"`, "temporal operator search-attribute create --namespace acme --name AmountMinor --type Int",
			},
		},
		"one is missing":                    {operator: attributeList{have: without("Network")}, added: []string{"Network"}},
		"another process added it":          {operator: attributeList{have: without("Network"), add: serviceerror.NewAlreadyExists("Network")}},
		"one is missing, none may be added": {operator: attributeList{have: without("Network"), add: denied}, says: []string{`--search-attribute "Network=Keyword"` + "\n"}},
		"of another type":                   {operator: attributeList{have: bent}, says: []string{"Network is a Text there, and has to be a Keyword"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &cluster{Setup: Setup{Patience: time.Minute, Progress: func(string) {}}, namespace: "acme", service: &tc.service, operator: &tc.operator}
			err := m.bring(t.Context())
			if (err != nil) != (tc.says != nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("says %q, want %q in it", err, want)
				}
			}
			if diff := cmp.Diff(tc.added, tc.operator.added); diff != "" {
				t.Errorf("added (-want +got):\n%s", diff)
			}
		})
	}
}
