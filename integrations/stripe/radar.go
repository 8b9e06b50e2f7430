package stripe

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Radar names the value lists, by their aliases, that attributes of payments lost
// to fraud are added to; an empty one is not kept. Radar's rules refer to a list
// as @alias (docs.stripe.com/radar/lists).
type Radar struct {
	Email           string `yaml:"email"`            // a list of e-mail addresses
	CardFingerprint string `yaml:"card_fingerprint"` // of card fingerprints
	IPAddress       string `yaml:"ip_address"`       // of IP addresses
}

// attribute is one value for one list. Its kind is the list's item_type.
type attribute struct{ kind, list, value string }

// lostToFraud tells the reports that are Radar's business: those of this account's
// own payments that fraud took for good.
func (a *adapter) lostToFraud(r integrations.Report) bool {
	fraud := r.Case.Family == dispute.FamilyFraudulent || r.Case.Family == dispute.FamilyUnrecognized
	return r.Moment == dispute.MomentDecided && r.Outcome == dispute.StatusLost && fraud && r.Case.Ref.Connection == a.connection
}

// FindReport implements integrations.Reporter: everything that would be added is
// there.
func (a *adapter) FindReport(ctx context.Context, _ string, r integrations.Report) (id string, found bool, err error) {
	if !a.lostToFraud(r) {
		return "", false, nil
	}
	attributes, err := a.attributes(ctx, r)
	if err != nil || len(attributes) == 0 {
		return "", false, err
	}
	var ids []string
	for _, one := range attributes {
		_, item, err := a.item(ctx, one)
		if err != nil || item == "" {
			return "", false, err
		}
		ids = append(ids, item)
	}
	return strings.Join(ids, ","), true, nil
}

// Report implements integrations.Reporter: it adds the attributes of a payment
// lost to fraud to Radar's lists and returns the items' ids. A value that a list
// has already stays as it is. Other reports give an empty id.
func (a *adapter) Report(ctx context.Context, key string, r integrations.Report) (id string, err error) {
	if !a.lostToFraud(r) {
		return "", nil
	}
	if a.radar == (Radar{}) {
		return "", dispute.Errorf(dispute.Invalid, "stripe: report "+r.Case.ID, "settings.radar names no value list")
	}
	attributes, err := a.attributes(ctx, r)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, one := range attributes {
		list, item, err := a.item(ctx, one)
		if err == nil && item == "" {
			item, err = a.addItem(ctx, key+"/"+one.kind, list, one)
		}
		if err != nil {
			return "", err
		}
		ids = append(ids, item)
	}
	return strings.Join(ids, ","), nil
}

// attributes are what the charge has of what lists are kept of.
func (a *adapter) attributes(ctx context.Context, r integrations.Report) ([]attribute, error) {
	payment := r.Case.View.Snapshot.Payment
	if payment == "" && r.Case.Payment != nil {
		payment = r.Case.Payment.ID
	}
	ch, err := a.charge(ctx, payment)
	if err != nil {
		return nil, err
	}
	all := []attribute{{"email", a.radar.Email, email(ch)}}
	if d := ch.PaymentMethodDetails; d != nil && d.Card != nil {
		all = append(all, attribute{"card_fingerprint", a.radar.CardFingerprint, d.Card.Fingerprint})
	}
	if ip, err := netip.ParseAddr(lookUp(metadata(ch), keys(a.metadata.IP, ipKeys))); err == nil {
		all = append(all, attribute{"ip_address", a.radar.IPAddress, ip.String()})
	}
	return slices.DeleteFunc(all, func(one attribute) bool { return one.list == "" || one.value == "" }), nil
}

// item finds the list's id, and the id of the item that has the value; empty when
// there is none. Stripe's own filter finds values that are like it.
func (a *adapter) item(ctx context.Context, one attribute) (list, item string, err error) {
	if list, err = a.valueList(ctx, one); err != nil {
		return "", "", err
	}
	var f form.Values
	f.Add("value_list", list)
	f.Add("value", one.value)
	f.Add("limit", "100")
	var page struct {
		stripe.APIResource
		Data []stripe.RadarValueListItem `json:"data"`
	}
	if err := a.api.call(ctx, request{op: "look into value list " + one.list, method: http.MethodGet, path: "/v1/radar/value_list_items", form: f}, &page); err != nil {
		return "", "", err
	}
	for _, i := range page.Data {
		if strings.EqualFold(i.Value, one.value) {
			return list, i.ID, nil
		}
	}
	return list, "", nil
}

// valueList finds a list by its alias and holds it to what it is for.
func (a *adapter) valueList(ctx context.Context, one attribute) (id string, err error) {
	op := "find value list " + one.list
	var f form.Values
	f.Add("alias", one.list)
	var page struct {
		stripe.APIResource
		Data []stripe.RadarValueList `json:"data"`
	}
	if err := a.api.call(ctx, request{op: op, method: http.MethodGet, path: "/v1/radar/value_lists", form: f}, &page); err != nil {
		return "", err
	}
	for _, l := range page.Data {
		switch {
		case l.Alias != one.list:
		case string(l.ItemType) != one.kind:
			return "", dispute.Errorf(dispute.Invalid, "stripe: "+op, "it holds %s; settings.radar.%s wants one of %s", l.ItemType, one.kind, one.kind)
		default:
			return l.ID, nil
		}
	}
	return "", dispute.Errorf(dispute.NotFound, "stripe: "+op, "there is none; make it in Stripe under Radar, Lists")
}

func (a *adapter) addItem(ctx context.Context, key, list string, one attribute) (id string, err error) {
	op := "add to value list " + one.list
	var f form.Values
	f.Add("value_list", list)
	f.Add("value", one.value)
	var out stripe.RadarValueListItem
	if err := a.api.call(ctx, request{op: op, method: http.MethodPost, path: "/v1/radar/value_list_items", form: f, key: key}, &out); err != nil {
		return "", err
	}
	if out.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, "stripe: "+op, "the answer names no item")
	}
	return out.ID, nil
}
