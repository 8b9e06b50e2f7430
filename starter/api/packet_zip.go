package api

import (
	"bytes"
	"context"
	"mime"
)

// GetPacketZip implements GET /v1/cases/{id}/packet.zip.
func (a *api) GetPacketZip(ctx context.Context, r GetPacketZipRequestObject) (GetPacketZipResponseObject, error) {
	ctx, by := caller(ctx)
	name, content, err := a.desk.PacketZip(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	return GetPacketZip200ApplicationZipResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)),
		Headers: GetPacketZip200ResponseHeaders{ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": name})},
	}, nil
}
