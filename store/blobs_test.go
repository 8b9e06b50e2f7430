package store

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func openBlobs(t testing.TB, url string) *Blobs {
	t.Helper()
	b, err := OpenBlobs(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"memory": "mem://", "folder": "file://" + filepath.Join(t.TempDir(), "not", "yet", "there"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, b := t.Context(), openBlobs(t, url)
			ref := must[dispute.Blob](t)(b.Put(ctx, []byte("abc"), "text/plain"))
			// SHA-256 of "abc", FIPS 180-2.
			const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
			want := dispute.Blob{Key: "sha256/ba/" + hash, SHA256: hash, Size: 3, MediaType: "text/plain"}
			if ref != want {
				t.Errorf("blob = %+v, want %+v", ref, want)
			}
			if again := must[dispute.Blob](t)(b.Put(ctx, []byte("abc"), "text/plain")); again != ref {
				t.Errorf("put again = %+v", again)
			}
			empty := must[dispute.Blob](t)(b.Put(ctx, nil, "text/plain"))
			for ref, want := range map[dispute.Blob]string{ref: "abc", empty: ""} {
				if got := must[[]byte](t)(b.Get(ctx, ref)); string(got) != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}

			missing, short, wrong := ref, ref, ref
			missing.Key, short.Size, wrong.SHA256 = "sha256/00/00", 2, empty.SHA256
			for _, c := range []struct {
				ref  dispute.Blob
				want dispute.Kind
			}{{missing, dispute.NotFound}, {short, dispute.Conflict}, {wrong, dispute.Conflict}} {
				_, err := b.Get(ctx, c.ref)
				wantKind(t, err, c.want)
			}
		})
	}
}

func TestBlobFolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "blobs")
	b := openBlobs(t, "file://"+root)
	ref := must[dispute.Blob](t)(b.Put(t.Context(), []byte("abc"), "text/plain"))
	path := filepath.Join(root, filepath.FromSlash(ref.Key))
	before, err := os.Stat(path)
	ok(t, err)

	// Written once: the same bytes do not touch the file.
	time.Sleep(20 * time.Millisecond)
	must[dispute.Blob](t)(b.Put(t.Context(), []byte("abc"), "text/plain"))
	after, err := os.Stat(path)
	ok(t, err)
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("the file was written again")
	}

	// Tampered with, then cut short; the latter is mended by the next Put.
	ok(t, os.WriteFile(path, []byte("abd"), 0o600))
	_, err = b.Get(t.Context(), ref)
	wantKind(t, err, dispute.Conflict)
	ok(t, os.WriteFile(path, []byte("a"), 0o600))
	_, err = b.Get(t.Context(), ref)
	wantKind(t, err, dispute.Conflict)
	must[dispute.Blob](t)(b.Put(t.Context(), []byte("abc"), "text/plain"))
	if got := must[[]byte](t)(b.Get(t.Context(), ref)); !bytes.Equal(got, []byte("abc")) {
		t.Errorf("mended = %q", got)
	}

	var files []string
	ok(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	if diff := cmp.Diff([]string{path}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	info, err := os.Stat(root)
	ok(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %s", info.Mode())
	}
}

func TestOpenBlobsFails(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "nosuch://x", "file:///tmp?nosuch=1", "%"} {
		if _, err := OpenBlobs(t.Context(), url); err == nil {
			t.Errorf("%q was opened", url)
		}
	}
	b := openBlobs(t, "mem://")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Put(ctx, []byte("abc"), "text/plain")
	wantKind(t, err, dispute.Transient)
}
