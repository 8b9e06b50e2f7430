// Package all lists the vendors that this build knows. Adding one is a line.
package all

import (
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/adyen"
	"github.com/rebuttal-hq/rebuttal/integrations/aftership"
	"github.com/rebuttal-hq/rebuttal/integrations/braintree"
	"github.com/rebuttal-hq/rebuttal/integrations/checkout"
	"github.com/rebuttal-hq/rebuttal/integrations/clearhaus"
	"github.com/rebuttal-hq/rebuttal/integrations/easypost"
	"github.com/rebuttal-hq/rebuttal/integrations/healthsafepay"
	"github.com/rebuttal-hq/rebuttal/integrations/httpsource"
	"github.com/rebuttal-hq/rebuttal/integrations/hubspot"
	"github.com/rebuttal-hq/rebuttal/integrations/localpayment"
	"github.com/rebuttal-hq/rebuttal/integrations/mail"
	"github.com/rebuttal-hq/rebuttal/integrations/paypal"
	"github.com/rebuttal-hq/rebuttal/integrations/quickbooks"
	"github.com/rebuttal-hq/rebuttal/integrations/salesforce"
	"github.com/rebuttal-hq/rebuttal/integrations/sheets"
	"github.com/rebuttal-hq/rebuttal/integrations/shipbob"
	"github.com/rebuttal-hq/rebuttal/integrations/shopify"
	"github.com/rebuttal-hq/rebuttal/integrations/slack"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/integrations/zendesk"
)

// Vendors are all vendors, by name.
var Vendors = []integrations.Vendor{
	adyen.Vendor,
	aftership.Vendor,
	braintree.Vendor,
	checkout.Vendor,
	clearhaus.Vendor,
	easypost.Vendor,
	healthsafepay.Vendor,
	httpsource.Vendor,
	hubspot.Vendor,
	localpayment.Vendor,
	mail.Vendor,
	paypal.Vendor,
	quickbooks.Vendor,
	salesforce.Vendor,
	sheets.Vendor,
	shipbob.Vendor,
	shopify.Vendor,
	slack.Vendor,
	stripe.Vendor,
	zendesk.Vendor,
}
