package dispute

import "time"

// EvidenceField names a slot of a response, by the keys most providers share.
// An adapter maps them to its provider's own names.
type EvidenceField string

// The text fields and the file fields of a response.
const (
	FieldAccessActivityLog            EvidenceField = "access_activity_log"
	FieldBillingAddress               EvidenceField = "billing_address"
	FieldCancellationPolicy           EvidenceField = "cancellation_policy" // file
	FieldCancellationPolicyDisclosure EvidenceField = "cancellation_policy_disclosure"
	FieldCancellationRebuttal         EvidenceField = "cancellation_rebuttal"
	FieldCustomerCommunication        EvidenceField = "customer_communication" // file
	FieldCustomerEmail                EvidenceField = "customer_email_address"
	FieldCustomerName                 EvidenceField = "customer_name"
	FieldCustomerPurchaseIP           EvidenceField = "customer_purchase_ip"
	FieldCustomerSignature            EvidenceField = "customer_signature"             // file
	FieldDuplicateChargeDocumentation EvidenceField = "duplicate_charge_documentation" // file
	FieldDuplicateChargeExplanation   EvidenceField = "duplicate_charge_explanation"
	FieldDuplicateChargeID            EvidenceField = "duplicate_charge_id"
	FieldProductDescription           EvidenceField = "product_description"
	FieldReceipt                      EvidenceField = "receipt"       // file
	FieldRefundPolicy                 EvidenceField = "refund_policy" // file
	FieldRefundPolicyDisclosure       EvidenceField = "refund_policy_disclosure"
	FieldRefundRefusalExplanation     EvidenceField = "refund_refusal_explanation"
	FieldServiceDate                  EvidenceField = "service_date"
	FieldServiceDocumentation         EvidenceField = "service_documentation" // file
	FieldShippingAddress              EvidenceField = "shipping_address"
	FieldShippingCarrier              EvidenceField = "shipping_carrier"
	FieldShippingDate                 EvidenceField = "shipping_date"
	FieldShippingDocumentation        EvidenceField = "shipping_documentation" // file
	FieldShippingTrackingNumber       EvidenceField = "shipping_tracking_number"
	FieldUncategorizedFile            EvidenceField = "uncategorized_file" // file
	FieldUncategorizedText            EvidenceField = "uncategorized_text"
)

// ItemKind is the sort of thing an evidence item shows.
type ItemKind string

// The kinds of evidence.
const (
	ItemPayment       ItemKind = "payment"       // the disputed charge itself
	ItemPriorPayment  ItemKind = "prior_payment" // an earlier undisputed charge of the same customer
	ItemRefund        ItemKind = "refund"        // money already given back
	ItemCustomer      ItemKind = "customer"      // who the customer is to us
	ItemOrder         ItemKind = "order"         // what was ordered
	ItemFulfillment   ItemKind = "fulfillment"   // what was handed to a carrier
	ItemDelivery      ItemKind = "delivery"      // what the carrier says arrived
	ItemAccess        ItemKind = "access"        // log-ins and use of what was bought
	ItemCommunication ItemKind = "communication" // a message, ticket or call note
	ItemDocument      ItemKind = "document"      // a file, by a source or by a person
	ItemNote          ItemKind = "note"          // a person's own words; never sent
	// ItemLetter is a person's own letter, in FactText; the newest that is not
	// excluded goes instead of the composed one.
	ItemLetter ItemKind = "letter"
)

// Fact names are the vocabulary of Item.Facts. Sources fill what they know;
// the letter and the checklist read them. Dates are RFC 3339, amounts are
// Money.String, and what is or is not so is "yes" or "no".
const (
	FactAmount          = "amount"
	FactPaidAt          = "paid_at"
	FactDescriptor      = "statement_descriptor"
	FactCardBrand       = "card_brand"
	FactCardLast4       = "card_last4"
	FactAVSPostal       = "avs_postal_check"
	FactAVSLine1        = "avs_line1_check"
	FactCVC             = "cvc_check"
	FactThreeDS         = "three_d_secure"
	FactRiskLevel       = "risk_level"
	FactRefundedAmount  = "refunded_amount"
	FactRefundedAt      = "refunded_at"
	FactRefundID        = "refund_id"
	FactCustomerName    = "customer_name"
	FactCustomerEmail   = "customer_email"
	FactCustomerPhone   = "customer_phone"
	FactCustomerSince   = "customer_since"
	FactOrdersCount     = "orders_count"
	FactPurchaseIP      = "purchase_ip"
	FactBillingAddress  = "billing_address"
	FactShippingAddress = "shipping_address"
	FactOrderID         = "order_id"
	FactOrderName       = "order_name"
	FactOrderedAt       = "ordered_at"
	FactProducts        = "products"
	FactCarrier         = "carrier"
	FactTrackingNumber  = "tracking_number"
	FactTrackingURL     = "tracking_url"
	FactShippedAt       = "shipped_at"
	FactDeliveredAt     = "delivered_at"
	FactSignedBy        = "signed_by"
	FactDeliveryStatus  = "delivery_status"
	FactSubject         = "subject"
	FactText            = "text"
	FactSentAt          = "sent_at"
	FactDirection       = "direction" // "from customer" or "to customer"
	FactReceiptURL      = "receipt_url"
	FactSubscriptionID  = "subscription_id"
	FactInvoiceID       = "invoice_id"
	FactRefundPolicy    = "refund_policy_disclosed"
	FactCancelPolicy    = "cancellation_policy_disclosed"
	FactTermsAcceptedAt = "terms_accepted_at"
	FactCanceledAt      = "canceled_at" // of a subscription or booking, by the merchant's records

	// FactAccessLog holds lines of the log that show the customer using the
	// product: UTC time, IP address, action.
	FactAccessLog = "access_activity_log"
	// FactServiceDate is the day on which a service was given.
	FactServiceDate = "service_date"
	// FactSlot names the slot that a document belongs to, as an EvidenceField. A
	// document without it is uncategorised.
	FactSlot = "slot"

	// What tells that two sales are one customer's. They count only when they were
	// taken down at the time of the sale that they are told of.
	FactAccountID         = "account_id"         // of a login, not of a guest
	FactDeviceID          = "device_id"          // of the device itself
	FactDeviceFingerprint = "device_fingerprint" // by a fingerprinting service
	FactCardFingerprint   = "card_fingerprint"   // the provider's own id of the card number

	// What was said of an earlier payment.
	FactDisputed      = "disputed"
	FactFraudReported = "fraud_reported"

	// FactSold is "merchandise" or "services".
	FactSold = "sold"

	// The delivery address in parts, beside FactShippingAddress in one piece.
	FactShippingLine1      = "shipping_line1"
	FactShippingLine2      = "shipping_line2"
	FactShippingCity       = "shipping_city"
	FactShippingState      = "shipping_state"
	FactShippingPostalCode = "shipping_postal_code"
	FactShippingCountry    = "shipping_country" // ISO 3166-1 alpha-2
)

// Item is one piece of evidence with its source. It may hold personal data, so
// it lives in the database and the blob store, never in workflow history.
type Item struct {
	ID     string            `json:"id"`     // stable within its source: "order:gid://…/1", "shipment:42"
	Source string            `json:"source"` // the connection, or "person:<who>"
	Kind   ItemKind          `json:"kind"`
	Title  string            `json:"title"` // one line for the exhibit list
	At     time.Time         `json:"at,omitzero"`
	Facts  map[string]string `json:"facts,omitempty"`
	Log    []LogEntry        `json:"log,omitempty"` // what happened, by the source's word; oldest first
	// Rank is the place that a person gave the item among the exhibits, from 1;
	// zero leaves it to its kind and age.
	Rank int `json:"rank,omitempty"`
	// Content is the file itself, for documents; nil otherwise.
	Content   []byte `json:"-"`
	MediaType string `json:"media_type,omitempty"`
	FileName  string `json:"file_name,omitempty"`
	Blob      Blob   `json:"blob,omitzero"` // where Content was put, once it was
}

// LogEntry is one happening of a timeline: a scan by a carrier, a log-in.
type LogEntry struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // in words: "Out for delivery, Portland OR"
}

// CompellingEvidence shows by two earlier sales that the same person bought
// before and did not complain: Visa's Compelling Evidence 3.0, which turns a
// card-absent fraud claim back to the issuer. It holds personal data.
type CompellingEvidence struct {
	Disputed Sale    `json:"disputed"`
	Prior    [2]Sale `json:"prior"` // oldest first
	// Matched are the elements that agree on all three sales, by their facts.
	Matched []string `json:"matched"`
	// Review says why a person should look before it is relied on; empty when the
	// network's rule and the provider's are both met.
	Review string `json:"review,omitempty"`
}

// Sale is one of the three sales that CompellingEvidence compares. What is not
// known is empty, never guessed.
type Sale struct {
	Payment           string            `json:"payment"` // the provider's id
	At                time.Time         `json:"at"`
	Product           string            `json:"product"`
	Sold              string            `json:"sold,omitempty"` // merchandise or services; of the disputed sale
	PurchaseIP        string            `json:"purchase_ip,omitempty"`
	DeviceID          string            `json:"device_id,omitempty"`
	DeviceFingerprint string            `json:"device_fingerprint,omitempty"`
	AccountID         string            `json:"account_id,omitempty"`
	Email             string            `json:"email,omitempty"`
	Shipping          map[string]string `json:"shipping,omitempty"` // by FactShippingLine1 and so on
}

// Blob points to bytes in the blob store.
type Blob struct {
	Key       string `json:"key"`
	SHA256    string `json:"sha256"` // lower-case hex
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
}

// Payment is the disputed payment as its provider knows it, with the ids by
// which other systems know the same sale. It may hold personal data.
type Payment struct {
	ID           string            `json:"id"`
	Intent       string            `json:"intent,omitempty"`
	Amount       Money             `json:"amount"`
	At           time.Time         `json:"at"`
	CustomerID   string            `json:"customer_id,omitempty"` // the provider's
	Email        string            `json:"email,omitempty"`
	Name         string            `json:"name,omitempty"`
	OrderID      string            `json:"order_id,omitempty"`   // the store's id, from the payment's metadata
	OrderName    string            `json:"order_name,omitempty"` // "#1001"
	Invoice      string            `json:"invoice,omitempty"`
	Subscription string            `json:"subscription,omitempty"`
	Refunded     Money             `json:"refunded,omitzero"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// Case is our record of one dispute, as adapters and pure rooms see it.
type Case struct {
	ID       string   `json:"id"` // Ref.CaseID
	Ref      Ref      `json:"ref"`
	Merchant string   `json:"merchant"`
	Part     int      `json:"part"` // 1, or higher when a closed case came back
	View     View     `json:"view"`
	Family   Family   `json:"family"`
	Deadline Deadline `json:"deadline"`
	Status   Status   `json:"status"`
	Response Response `json:"response,omitempty"`
	Payment  *Payment `json:"payment,omitempty"` // nil until the provider told it
}

// Amount is the disputed amount.
func (c Case) Amount() Money { return c.View.Snapshot.Amount }

// Moment is a point in a case's life that other systems may be told of.
type Moment string

// The moments.
const (
	MomentOpened    Moment = "opened"    // the rules have decided who owns the case
	MomentEscalated Moment = "escalated" // a rung of the ladder calls somebody else
	MomentDecided   Moment = "decided"   // the provider has given its verdict
)

// Moments lists every moment.
var Moments = []Moment{MomentOpened, MomentEscalated, MomentDecided}

// DecisionKind is what a person (or an agent) decided.
type DecisionKind string

// The kinds of decision; each is a workflow update of that name.
const (
	DecideAssign     DecisionKind = "assign"
	DecideNote       DecisionKind = "note"
	DecideAttach     DecisionKind = "attach"
	DecideRevise     DecisionKind = "revise" // the evidence, its order or the letter was changed
	DecideApprove    DecisionKind = "approve"
	DecideAccept     DecisionKind = "accept"
	DecideSubmit     DecisionKind = "submit"
	DecideHold       DecisionKind = "hold"
	DecideRelease    DecisionKind = "release"
	DecideChangePlan DecisionKind = "change_plan"
)

// Decisions lists every kind, in the order a console shows them.
var Decisions = []DecisionKind{
	DecideAssign, DecideNote, DecideAttach, DecideRevise, DecideApprove, DecideAccept,
	DecideSubmit, DecideHold, DecideRelease, DecideChangePlan,
}

// Decision is one human act on a case. It carries ids and refs, never text
// with personal data: a note's words are stored first and referred to by Item.
type Decision struct {
	ID    string       `json:"id"` // the click's id: the same click told twice is one decision
	Kind  DecisionKind `json:"kind"`
	By    string       `json:"by"` // the actor's id
	At    time.Time    `json:"at"`
	Stage Stage        `json:"stage,omitempty"` // what the person was looking at; stale when the case moved on
	// Assignee for assign; Item for note and attach; Queue, Response and RuleSet
	// for change_plan.
	Assignee string   `json:"assignee,omitempty"`
	Item     string   `json:"item,omitempty"`
	Queue    string   `json:"queue,omitempty"`
	Response Response `json:"response,omitempty"`
	// RuleSet is the hash of the rule set to plan by from now on. Without it, and
	// without a queue or a response, change_plan asks the one in force.
	RuleSet string `json:"rule_set,omitempty"`
	// Elsewhere says that submit or accept was done by hand at the provider.
	Elsewhere bool `json:"elsewhere,omitempty"`
}
