package api

import "context"

// ListTokens implements GET /v1/tokens.
func (a *api) ListTokens(ctx context.Context, _ ListTokensRequestObject) (ListTokensResponseObject, error) {
	ctx, by := caller(ctx)
	tokens, err := a.desk.Tokens(ctx, by)
	if err != nil {
		return nil, err
	}
	return ListTokens200JSONResponse{Items: tokens}, nil
}

// CreateToken implements POST /v1/tokens.
func (a *api) CreateToken(ctx context.Context, r CreateTokenRequestObject) (CreateTokenResponseObject, error) {
	ctx, by := caller(ctx)
	secret, err := a.desk.CreateToken(ctx, by, r.Body.Name, r.Body.Actor, r.Body.Role)
	if err != nil {
		return nil, err
	}
	return CreateToken201JSONResponse{Secret: secret}, nil
}

// RevokeToken implements DELETE /v1/tokens/{id}.
func (a *api) RevokeToken(ctx context.Context, r RevokeTokenRequestObject) (RevokeTokenResponseObject, error) {
	ctx, by := caller(ctx)
	if err := a.desk.RevokeToken(ctx, by, r.ID); err != nil {
		return nil, err
	}
	return RevokeToken204Response{}, nil
}
