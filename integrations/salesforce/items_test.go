package salesforce

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const buyer = "a@shopper.example"

func recordOf(t *testing.T, text string) (r record) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDirection(t *testing.T) {
	t.Parallel()
	email := func(r record) dispute.Item { return emailItem(r, buyer) }
	opened := func(r record) dispute.Item { return caseItem(r, buyer, nil) }
	tests := map[string]struct {
		item func(record) dispute.Item
		in   string
		want string
	}{
		"the customer's e-mail":        {email, `{"Incoming":true,"FromAddress":"A@Shopper.example"}`, fromCustomer},
		"a stranger's e-mail":          {email, `{"Incoming":true,"FromAddress":"carrier@ups.example","ToAddress":"a@shopper.example"}`, ""},
		"to the customer among others": {email, `{"Incoming":false,"ToAddress":"b@x.example; Ada <a@shopper.example>"}`, toCustomer},
		"among staff":                  {email, `{"Incoming":false,"ToAddress":"boss@acme.example","FromAddress":"a@shopper.example"}`, ""},
		"an address inside another":    {email, `{"Incoming":true,"FromAddress":"not-a@shopper.example"}`, ""},
		"no address":                   {email, `{"Incoming":true,"FromAddress":null}`, ""},
		"published by staff":           {commentItem, `{"IsPublished":true,"CreatedBy":{"UserType":"Standard"}}`, toCustomer},
		"published by the customer":    {commentItem, `{"IsPublished":true,"CreatedBy":{"UserType":"CspLitePortal"}}`, fromCustomer},
		"published by a machine":       {commentItem, `{"IsPublished":true,"CreatedBy":{"UserType":"AutomatedProcess"}}`, ""},
		"published by nobody":          {commentItem, `{"IsPublished":true,"CreatedBy":null}`, ""},
		"internal comment":             {commentItem, `{"IsPublished":false,"CreatedBy":{"UserType":"Standard"}}`, ""},
		"internal by the customer":     {commentItem, `{"CreatedBy":{"UserType":"CspLitePortal"}}`, ""},
		"case by a form":               {opened, `{"SuppliedEmail":"a@shopper.example"}`, fromCustomer},
		"case by a form of another":    {opened, `{"SuppliedEmail":"b@shopper.example"}`, ""},
		"case by hand":                 {opened, `{"SuppliedEmail":null}`, ""},
		"task":                         {taskItem, `{"TaskSubtype":"Call","Description":"Inbound call"}`, ""},
	}
	for name, tt := range tests {
		if got := tt.item(recordOf(t, tt.in)).Facts[dispute.FactDirection]; got != tt.want {
			t.Errorf("%s: direction %q, want %q", name, got, tt.want)
		}
	}
}

func TestContactItem(t *testing.T) {
	t.Parallel()
	got := contactItem(recordOf(t, `{"Id":"003A","Name":" Ada Okafor ","Email":"a@shopper.example","Phone":null,"MobilePhone":"+1555","CreatedDate":"2025-01-02T03:04:05.000+0000",
		"MailingStreet":"10 Orchard Street\r\nFlat 2","MailingCity":"Portland","MailingState":null,"MailingPostalCode":"97001","MailingCountry":"US",
		"Number__c":1001,"Vip__c":true,"Terms__c":"2025-01-02T05:04:05.000+0200","Broken__c":"soon","Account":{"Login__c":"ada"},"Empty__c":null}`), map[string]string{
		"account_id": "Account.Login__c", "customer_number": "Number__c", "vip": "Vip__c", "terms_accepted_at": "Terms__c", "seen_at": "Broken__c", "other": "Empty__c",
	})
	want := dispute.Item{
		ID: "contact:003A", Kind: dispute.ItemCustomer, Title: "Contact in the CRM", At: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
		Facts: map[string]string{
			"customer_name": "Ada Okafor", "customer_email": buyer, "customer_phone": "+1555", "customer_since": "2025-01-02T03:04:05Z",
			"mailing_address": "10 Orchard Street, Flat 2, Portland, 97001, US",
			"account_id":      "ada", "customer_number": "1001", "vip": "true", "terms_accepted_at": "2025-01-02T03:04:05Z",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("item (-want +got):\n%s", diff)
	}
}

func TestAboutSale(t *testing.T) {
	t.Parallel()
	paid := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		facts facts
		at    time.Time
		order string
		want  bool
	}{
		"names the order":            {facts{"subject": "#1001"}, paid, "#1001", true},
		"names another":              {facts{"text": "#1002 came"}, paid, "#1001", false},
		"names both":                 {facts{"text": "#1002 came, #1001 did not"}, paid, "#1001", true},
		"another order's case":       {facts{"text": "x", "order_name": "#1002"}, paid, "#1001", false},
		"its case, written plainly":  {facts{"text": "x", "order_name": "1001"}, paid, "#1001", true},
		"its case, by id":            {facts{"text": "x", "order_id": "77"}, paid, "#1001", true},
		"another's case, by id":      {facts{"text": "x", "order_id": "78"}, paid, "#1001", false},
		"order is not known":         {facts{"text": "#1002", "order_name": "#1002"}, paid, "", true},
		"question before buying":     {facts{"text": "oak?"}, paid.AddDate(0, 0, -29), "#1001", true},
		"long before":                {facts{"text": "oak?"}, paid.AddDate(0, 0, -31), "#1001", false},
		"says nothing":               {facts{"sent_at": "2026-09-01T08:00:00Z"}, paid, "#1001", false},
		"order's name is no number":  {facts{"text": "#1002"}, paid, "AB-7", true},
		"small numbers are no order": {facts{"text": "You are #1"}, paid, "#1001", true},
	}
	for name, tt := range tests {
		m := dispute.Item{At: tt.at, Facts: tt.facts}
		got := aboutSale([]dispute.Item{m}, dispute.Payment{OrderID: "77", OrderName: tt.order, At: paid})
		if (len(got) == 1) != tt.want {
			t.Errorf("%s: kept %v, want %v", name, len(got) == 1, tt.want)
		}
	}
}
