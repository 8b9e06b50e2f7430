package checkout

import (
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// newTokens exchanges a pair of access keys for access tokens.
func newTokens(client *http.Client, s Settings) *vendorhttp.ClientCredentials {
	return vendorhttp.NewClientCredentials(name, client, clientcredentials.Config{
		ClientID: s.AccessKeyID, ClientSecret: s.AccessKeySecret, TokenURL: s.tokenURL(),
		Scopes: []string{"disputes", "gateway:payment-details"}, AuthStyle: oauth2.AuthStyleInHeader,
	})
}
