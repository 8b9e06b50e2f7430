package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rebuttal-hq/rebuttal/workflows"
)

const (
	askEvery  = time.Second      // while Temporal is away
	tellEvery = 10 * time.Second // that it is still away
	oneAnswer = 5 * time.Second  // that Temporal may take for one question
	// noticed is how long a cluster's processes may take to notice a new
	// namespace or attribute: they look every 2 seconds, or as
	// system.namespaceCacheRefreshInterval says.
	noticed = time.Minute
)

// cluster is Temporal as Migrate and Doctor see it.
type cluster struct {
	Setup
	address, namespace string
	service            workflowservice.WorkflowServiceClient
	operator           operatorservice.OperatorServiceClient
}

// bring waits for the cluster and brings it up to date.
func (m *cluster) bring(ctx context.Context) error {
	if err := m.await(ctx); err != nil {
		return err
	}
	if err := m.ensureNamespace(ctx); err != nil {
		return err
	}
	return m.ensureAttributes(ctx)
}

// await returns when Temporal answers. Credentials that it refuses do not get
// better by waiting.
func (m *cluster) await(ctx context.Context) error {
	begin := time.Now()
	var told time.Time
	err := until(ctx, m.Patience, func(ctx context.Context) error {
		_, err := m.service.GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
		if away(err) && time.Since(told) >= tellEvery {
			told = time.Now()
			m.Progress(fmt.Sprintf("waiting for Temporal at %s: %s of %s", m.address, time.Since(begin).Round(time.Second), m.Patience))
		}
		return err
	}, away)
	switch {
	case err == nil:
		return nil
	case refused(err):
		return fmt.Errorf("temporal: %s refuses the credentials: %w; check TEMPORAL_API_KEY, or the certificate of TEMPORAL_TLS_CLIENT_CERT_PATH", m.address, err)
	default:
		return fmt.Errorf("temporal: %s does not answer: %w; is it running, and is TEMPORAL_ADDRESS or temporal.address right?", m.address, err)
	}
}

// ensureNamespace makes the namespace, or gives one that is there the asked
// retention.
func (m *cluster) ensureNamespace(ctx context.Context) error {
	have, err := m.service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: m.namespace})
	var absent *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &absent):
		return m.register(ctx)
	case refused(err): // Temporal Cloud says this of a namespace that is not there
		return m.makeItYourself(err)
	case err != nil:
		return fmt.Errorf("temporal: describe namespace %s: %w", m.namespace, err)
	}
	if m.Retention == 0 || have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() == m.Retention {
		return nil
	}
	_, err = m.service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: m.namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(m.Retention)},
	})
	if err != nil {
		return fmt.Errorf("temporal: the retention of namespace %s: %w", m.namespace, err)
	}
	m.Progress(fmt.Sprintf("namespace %s now keeps closed cases for %s", m.namespace, days(m.Retention)))
	return nil
}

func (m *cluster) register(ctx context.Context) error {
	retention := cmp.Or(m.Retention, DefaultRetention)
	_, err := m.service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: m.namespace, Description: "Rebuttal's cases", WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	var taken *serviceerror.NamespaceAlreadyExists
	switch {
	case errors.As(err, &taken): // by another process, just now
		return nil
	case refused(err):
		return m.makeItYourself(err)
	case err != nil:
		return fmt.Errorf("temporal: make namespace %s: %w", m.namespace, err)
	}
	m.Progress(fmt.Sprintf("made namespace %s; it keeps closed cases for %s", m.namespace, days(retention)))
	return nil
}

func (m *cluster) makeItYourself(err error) error {
	retention := cmp.Or(m.Retention, DefaultRetention)
	return fmt.Errorf("temporal: namespace %[1]s is not there, or not for these credentials, and may not be made from here (%[2]w); make it, then repeat:\n"+
		"  Temporal Cloud:  tcld namespace create --namespace %[1]s --retention-days %[3]d --region REGION --auth-method api_key\n"+
		"  self-hosted:     temporal operator namespace create --namespace %[1]s --retention %[4]s",
		m.namespace, err, int(retention.Hours()/24), retention)
}

// ensureAttributes adds the search attributes that are missing, and returns
// when the cluster knows them all.
func (m *cluster) ensureAttributes(ctx context.Context) error {
	var missing map[string]enumspb.IndexedValueType
	err := until(ctx, noticed, func(ctx context.Context) (err error) {
		missing, err = m.missing(ctx)
		return err
	}, unnoticed)
	if err != nil {
		return fmt.Errorf("temporal: search attributes of namespace %s: %w", m.namespace, err)
	}
	if len(missing) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(missing))
	_, err = m.operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: m.namespace, SearchAttributes: missing})
	if refused(err) {
		return m.addThemYourself(err, names, missing)
	}
	var there *serviceerror.AlreadyExists // added by another process, just now
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("temporal: add search attributes: %w", err)
	}
	m.Progress("added search attributes " + strings.Join(names, ", "))
	if err := until(ctx, noticed, m.probe, unnoticed); err != nil {
		return fmt.Errorf("temporal: the new search attributes are not usable yet: %w", err)
	}
	return nil
}

func (m *cluster) addThemYourself(err error, names []string, missing map[string]enumspb.IndexedValueType) error {
	var cloud, own strings.Builder
	for _, name := range names {
		fmt.Fprintf(&cloud, " --search-attribute %q", name+"="+missing[name].String())
		fmt.Fprintf(&own, " --name %s --type %s", name, missing[name])
	}
	return fmt.Errorf("temporal: search attributes of namespace %[1]s are missing and may not be added from here (%[2]w); add them, then repeat:\n"+
		"  Temporal Cloud:  tcld namespace search-attributes add --namespace %[1]s%[3]s\n"+
		"  self-hosted:     temporal operator search-attribute create --namespace %[1]s%[4]s",
		m.namespace, err, cloud.String(), own.String())
}

// missing returns the search attributes that the namespace does not have.
// Where it may not ask for the list, as with an ordinary key of Temporal
// Cloud, a query that uses them all shows whether they are there.
func (m *cluster) missing(ctx context.Context) (map[string]enumspb.IndexedValueType, error) {
	wanted := workflows.SearchAttributes()
	have, err := m.operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: m.namespace})
	var unknown *serviceerror.InvalidArgument
	switch {
	case err == nil:
	case !refused(err):
		return nil, err
	default:
		if err := m.probe(ctx); errors.As(err, &unknown) {
			return wanted, nil
		} else if err != nil {
			return nil, err
		}
		return nil, nil
	}
	for name, kind := range have.GetCustomAttributes() {
		if want, ours := wanted[name]; ours && want != kind {
			return nil, fmt.Errorf("%s is a %s there, and has to be a %s: give Rebuttal a namespace of its own", name, kind, want)
		}
		delete(wanted, name)
	}
	return wanted, nil
}

// probe asks for a case that does not exist by all search attributes.
func (m *cluster) probe(ctx context.Context) error {
	var terms []string
	for name, kind := range workflows.SearchAttributes() {
		value := "'none'"
		switch kind {
		case enumspb.INDEXED_VALUE_TYPE_INT:
			value = "0"
		case enumspb.INDEXED_VALUE_TYPE_DATETIME:
			value = "'1970-01-01T00:00:00Z'"
		default:
		}
		terms = append(terms, name+" = "+value)
	}
	slices.Sort(terms)
	_, err := m.service.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: m.namespace, Query: strings.Join(terms, " AND "),
	})
	return err
}

// until asks again every second while the error is one that passes, within
// the limit. It returns the last error.
func until(ctx context.Context, limit time.Duration, ask func(context.Context) error, passes func(error) bool) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for {
		one, done := context.WithTimeout(ctx, oneAnswer)
		err := ask(one)
		done()
		if err == nil || !passes(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(askEvery):
		}
	}
}

// refused says that Temporal answers and does not allow it, or does not offer
// it.
func refused(err error) bool {
	var denied *serviceerror.PermissionDenied
	var absent *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &absent)
}

// away says that Temporal did not answer.
func away(err error) bool { return err != nil && !refused(err) }

// unnoticed says that what was just made may not be known everywhere yet.
func unnoticed(err error) bool {
	var namespace *serviceerror.NamespaceNotFound
	var attribute *serviceerror.InvalidArgument
	return errors.As(err, &namespace) || errors.As(err, &attribute)
}

func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}
