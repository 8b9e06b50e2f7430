package boot

import (
	"context"
	"log/slog"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
)

// Register makes a connection's vendor post its webhooks to address, by the
// vendor's API. It needs neither database nor Temporal. A vendor that cannot be
// asked that is an error of kind Unsupported.
func Register(ctx context.Context, c integrations.Connection, address string, dry bool, log *slog.Logger) (integrations.Endpoint, error) {
	set, err := integrations.Build(all.Vendors, vendorDeps(log), []integrations.Connection{c})
	if err != nil {
		return integrations.Endpoint{}, err
	}
	vendor, err := integrations.As[integrations.Connector](set, c.Name)
	if err != nil {
		return integrations.Endpoint{}, err
	}
	return vendor.Register(ctx, address, dry)
}
