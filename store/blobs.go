package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"strconv"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/memblob"  // mem://
	"gocloud.dev/gcerrors"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Blobs keeps bytes under the hash of their content, so that they are written
// once and never change. It is safe for concurrent use.
type Blobs struct{ bucket *blob.Bucket }

// OpenBlobs opens a bucket by its URL: file:///folder (made when it is absent)
// or mem://.
func OpenBlobs(ctx context.Context, bucketURL string) (*Blobs, error) {
	const op = "store: open blobs"
	u, err := url.Parse(bucketURL)
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, op, "the blob URL is malformed")
	}
	if u.Scheme == "file" {
		u.RawQuery = folderDefaults(u.Query()).Encode()
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, blobError(op, err)
	}
	return &Blobs{bucket: bucket}, nil
}

// folderDefaults makes a folder usable as it is: it is created for its owner
// only, files are written beside their final place, because a rename from the
// system's temporary folder may cross file systems, and no second file holds
// attributes that dispute.Blob already has.
func folderDefaults(q url.Values) url.Values {
	for key, value := range map[string]string{
		"create_dir": "true", "dir_file_mode": strconv.Itoa(0o700), "no_tmp_dir": "true", "metadata": "skip",
	} {
		if !q.Has(key) {
			q.Set(key, value)
		}
	}
	return q
}

// Close lets the bucket go.
func (b *Blobs) Close() error { return blobError("store: close blobs", b.bucket.Close()) }

// Put stores bytes and returns how to find them. Bytes that are there already
// are not written again.
func (b *Blobs) Put(ctx context.Context, data []byte, mediaType string) (dispute.Blob, error) {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	ref := dispute.Blob{
		Key: "sha256/" + hash[:2] + "/" + hash, SHA256: hash, Size: int64(len(data)), MediaType: mediaType,
	}
	op := "store: put blob " + ref.Key
	// A size that differs is a file that a crash cut short; it is written anew.
	have, err := b.bucket.Attributes(ctx, ref.Key)
	if err == nil && have.Size == ref.Size {
		return ref, nil
	}
	if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return dispute.Blob{}, blobError(op, err)
	}
	err = b.bucket.WriteAll(ctx, ref.Key, data, &blob.WriterOptions{ContentType: mediaType})
	if err != nil {
		return dispute.Blob{}, blobError(op, err)
	}
	return ref, nil
}

// Get reads the bytes and checks their size and hash. Bytes that are not what
// was put are a Conflict.
func (b *Blobs) Get(ctx context.Context, ref dispute.Blob) (data []byte, err error) {
	op := "store: get blob " + ref.Key
	r, err := b.bucket.NewReader(ctx, ref.Key, nil)
	if err != nil {
		return nil, blobError(op, err)
	}
	defer func() { err = errors.Join(err, blobError(op, r.Close())) }()
	if r.Size() != ref.Size {
		return nil, dispute.Errorf(dispute.Conflict, op, "it has %d bytes, not %d", r.Size(), ref.Size)
	}
	data, err = io.ReadAll(r)
	if err != nil {
		return nil, blobError(op, err)
	}
	if digest(data) != ref.SHA256 {
		return nil, dispute.Errorf(dispute.Conflict, op, "its content does not have its hash")
	}
	return data, nil
}

func blobError(op string, err error) error {
	if err == nil {
		return nil
	}
	kind := dispute.Transient
	switch gcerrors.Code(err) { //nolint:exhaustive // all others may pass
	case gcerrors.NotFound:
		kind = dispute.NotFound
	case gcerrors.InvalidArgument, gcerrors.Unimplemented:
		kind = dispute.Invalid
	case gcerrors.PermissionDenied:
		kind = dispute.Auth
	}
	return &dispute.Error{Kind: kind, Op: op, Err: err}
}
