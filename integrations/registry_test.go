package integrations_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

type settings struct {
	Key    string `yaml:"key"`
	Region string `yaml:"region,omitempty"`
	Hidden string `yaml:"-"`
}

type plain struct{ connection, key, region string }

func (*plain) Vendor() string { return "plain" }

// reading can read and accept, too.
type reading struct{}

func (*reading) Vendor() string { return "reading" }

func (*reading) Get(context.Context, dispute.Ref) (dispute.Snapshot, error) {
	return dispute.Snapshot{ID: "dp_1"}, nil
}

func (*reading) Accept(context.Context, string, dispute.Case) (integrations.Receipt, error) {
	return integrations.Receipt{}, nil
}

var vendors = []integrations.Vendor{
	{Name: "plain", Settings: func() integrations.Settings { return &settings{Region: "eu"} }, Adapter: (*plain)(nil)},
	{Name: "reading", Settings: func() integrations.Settings { return new(readingSettings) }, Adapter: (*reading)(nil)},
}

func (s *settings) Connect(_ integrations.Deps, connection string) (integrations.Adapter, error) {
	if s.Key == "" {
		return nil, errors.New("key is missing")
	}
	return &plain{connection, s.Key, s.Region}, nil
}

type readingSettings struct{}

func (*readingSettings) Connect(integrations.Deps, string) (integrations.Adapter, error) {
	return &reading{}, nil
}

func keyed(key string) func(any) error {
	return func(v any) error {
		if s, ok := v.(*settings); ok {
			s.Key = key
		}
		return nil
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	set, err := integrations.Build(vendors, integrations.Deps{}, []integrations.Connection{
		{Name: "b", Vendor: "plain", Line: 3, Decode: keyed("k1")},
		{Name: "a", Vendor: "plain", Line: 7, Decode: keyed("k2")},
		{Name: "r", Vendor: "reading", Line: 9, Decode: keyed("")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "r"}, set.Names()); diff != "" {
		t.Error(diff)
	}
	a, ok := set.Adapter("a")
	if p, isPlain := a.(*plain); !ok || !isPlain || *p != (plain{"a", "k2", "eu"}) {
		t.Errorf("%+v", a)
	}
	if _, ok := set.Adapter("c"); ok {
		t.Error("a connection that is not configured is there")
	}
	empty, err := integrations.Build(vendors, integrations.Deps{}, nil)
	if err != nil || len(empty.Names()) != 0 {
		t.Errorf("%v, %v", empty, err)
	}
}

func TestBuildErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	good := integrations.Connection{Name: "a", Vendor: "plain", Line: 3, Decode: keyed("k")}
	bad := errors.New("field colour not found")
	tests := []struct {
		name string
		in   integrations.Connection
		want string
		is   error
	}{
		{"unknown vendor", integrations.Connection{Name: "x", Vendor: "acme", Line: 12, Decode: keyed("k")}, `line 12: connection x: unknown vendor "acme"; known are [plain reading]`, nil},
		{"bad setting", integrations.Connection{Name: "x", Vendor: "plain", Line: 14, Decode: func(any) error { return bad }}, "line 14: connection x: field colour not found", bad},
		{"refused by the vendor", integrations.Connection{Name: "x", Vendor: "plain", Line: 16, Decode: keyed("")}, "line 16: connection x: key is missing", nil},
		{"twice", integrations.Connection{Name: "a", Vendor: "reading", Line: 18, Decode: keyed("k")}, "line 18: connection a is configured twice", nil},
	}
	for _, tt := range tests {
		set, err := integrations.Build(vendors, integrations.Deps{}, []integrations.Connection{good, tt.in})
		if err == nil || err.Error() != tt.want || set != nil {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s hides its cause", tt.name)
		}
	}
}

func TestBuildPanicsOnAVendorListedTwice(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, ok := recover().(string); !ok || !strings.Contains(got, "vendor plain is listed twice") {
			t.Errorf("panic: %v", got)
		}
	}()
	_, _ = integrations.Build(append(vendors[:1:1], vendors...), integrations.Deps{}, nil)
}

func TestAs(t *testing.T) {
	t.Parallel()
	set, err := integrations.Build(vendors, integrations.Deps{}, []integrations.Connection{
		{Name: "p", Vendor: "plain", Decode: keyed("k")}, {Name: "r", Vendor: "reading", Decode: keyed("")},
	})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := integrations.As[integrations.Reader](set, "r")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := reader.Get(t.Context(), dispute.Ref{}); s.ID != "dp_1" || err != nil {
		t.Errorf("%v, %v", s, err)
	}
	_, err = integrations.As[integrations.Reader](set, "p")
	if !errors.Is(err, dispute.ErrUnsupported) || dispute.KindOf(err) != dispute.Unsupported {
		t.Errorf("lacking: %v", err)
	}
	_, err = integrations.As[integrations.Reader](set, "none")
	if errors.Is(err, dispute.ErrUnsupported) || dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("absent: %v", err)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	for _, v := range vendors {
		var want []string
		if v.Name == "reading" {
			want = []string{"read", "accept"}
		}
		if diff := cmp.Diff(want, integrations.Abilities(v)); diff != "" {
			t.Errorf("%s: %s", v.Name, diff)
		}
	}
	if diff := cmp.Diff([]string{"key", "region"}, integrations.SettingNames(vendors[0])); diff != "" {
		t.Error(diff)
	}
}
