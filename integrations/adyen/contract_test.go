package adyen

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// TestContract holds every request of the adapter, every answer of the stand-in
// and every webhook, the stand-in's and our golden ones, against Adyen's
// published contracts.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	api := vendortest.LoadOpenAPI(t, filepath.Join(dir, "adyen", "DisputeService-v30.json"))
	s := open(t, func(next http.Handler) http.Handler { return api.Around(t, next, checkExchange) })

	first := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: "mastercard"}), standin.DisputeOptions{ReasonCode: " 4853"})
	second := s.adyen.Open(s.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{Inquiry: true})
	s.adyen.Warn(s.world.NewOrder(world.OrderOptions{}))
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	sub := packet("key", s.dispute(t, first, dispute.FamilyGeneral))
	sub.Uploaded = map[string]string{"older": "GoodsNotReturned"}
	if _, err := s.Submit(t.Context(), sub); err != nil {
		t.Error(err)
	}
	if _, err := s.Submit(t.Context(), integrations.Submission{Key: "again", Case: sub.Case, Files: sub.Files}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a second defence: %v", err)
	}
	if _, err := s.Accept(t.Context(), "key", s.dispute(t, second, dispute.FamilyGeneral)); err != nil {
		t.Error(err)
	}
	for _, step := range []error{s.adyen.Charge(first), s.adyen.Reverse(first), s.adyen.Escalate(first), s.adyen.Escalate(first), s.adyen.Decide(first, true)} {
		if step != nil {
			t.Error(step)
		}
	}
	s.account = "Other"
	if err := s.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("another account: %v", err)
	}
	for path := range api.Doc.Paths.Map() {
		api.Covered(t, "POST "+path)
	}
	hooks := vendortest.LoadOpenAPI(t, filepath.Join(dir, "adyen", "Webhooks-v1.trimmed.no-dispute-samples.json")).Doc
	for _, it := range s.adyen.Items("") {
		checkWebhook(t, hooks, it.EventCode, body(t, it))
	}
	for name, code := range map[string]string{
		"notification_of_chargeback": "NOTIFICATION_OF_CHARGEBACK", "chargeback_opened": "CHARGEBACK", "chargeback_lost": "CHARGEBACK",
		"chargeback_reversed": "CHARGEBACK_REVERSED", "second_chargeback": "SECOND_CHARGEBACK", "request_for_information": "REQUEST_FOR_INFORMATION",
		"information_supplied": "INFORMATION_SUPPLIED", "defense_period_ended": "DISPUTE_DEFENSE_PERIOD_ENDED", "prearbitration_won": "PREARBITRATION_WON",
		"scheme_arbitration_lost": "SCHEME_ARBITRATION_LOST", "notification_of_fraud": "NOTIFICATION_OF_FRAUD",
	} {
		checkWebhook(t, hooks, code, payload(t, name))
	}
}

func checkExchange(x vendortest.Exchange) error {
	answer := x.Operation.Responses.Status(x.Answer.Code)
	if answer == nil {
		return errors.New("the contract has no such status")
	}
	return errors.Join(
		strict("request", x.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value, x.Sent),
		strict("answer", answer.Value.Content.Get("application/json").Schema.Value, x.Answer.Body.Bytes()),
	)
}

// strict checks a body against a schema, and that it has no other fields.
func strict(what string, schema *openapi3.Schema, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := schema.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	fields, _ := value.(map[string]any)
	for name := range fields {
		if schema.Properties[name] == nil {
			return fmt.Errorf("%s: the contract has no field %s", what, name)
		}
	}
	return nil
}

func checkWebhook(t *testing.T, hooks *openapi3.T, code string, body []byte) {
	t.Helper()
	path := hooks.Webhooks["/"+code]
	if path == nil {
		t.Errorf("the contract has no webhook %s", code)
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	schema := path.Post.RequestBody.Value.Content.Get("application/json").Schema.Value
	err := schema.VisitJSON(value, openapi3.MultiErrors())
	// The contract's own list of codes lacks several that it describes.
	if err != nil && !strings.Contains(err.Error(), `"/notificationItems/0/NotificationRequestItem/eventCode": value is not one of the allowed values`) {
		t.Errorf("webhook %s: %v", code, err)
	}
}
