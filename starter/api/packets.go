package api

import (
	"bytes"
	"context"
	"mime"
)

// GetPacketZip implements GET /v1/cases/{id}/packet.zip.
func (a *api) GetPacketZip(ctx context.Context, r GetPacketZipRequestObject) (GetPacketZipResponseObject, error) {
	ctx, by := caller(ctx)
	name, content, err := a.desk.PacketZipOf(ctx, by, r.ID, r.Params.Packet)
	if err != nil {
		return nil, err
	}
	return GetPacketZip200ApplicationZipResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)),
		Headers: GetPacketZip200ResponseHeaders{ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": name})},
	}, nil
}

// PreviewPacket implements GET /v1/cases/{id}/packets/preview.
func (a *api) PreviewPacket(ctx context.Context, r PreviewPacketRequestObject) (PreviewPacketResponseObject, error) {
	ctx, by := caller(ctx)
	p, err := a.desk.Preview(ctx, by, r.ID, r.Params.Packet)
	if err != nil {
		return nil, err
	}
	return PreviewPacket200JSONResponse(p), nil
}

// ComparePackets implements GET /v1/cases/{id}/packets/diff.
func (a *api) ComparePackets(ctx context.Context, r ComparePacketsRequestObject) (ComparePacketsResponseObject, error) {
	ctx, by := caller(ctx)
	diff, err := a.desk.ComparePackets(ctx, by, r.ID, r.Params.From, r.Params.To)
	if err != nil {
		return nil, err
	}
	return ComparePackets200JSONResponse(diff), nil
}
