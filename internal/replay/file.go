package replay

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
)

// The ends of a history's file name: JSON as the Temporal command line writes
// it, plain or compressed.
const (
	Plain  = ".json"
	Packed = ".json.gz"
)

// Files lists the histories in a folder and below it, by path.
func Files(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.HasSuffix(path, Plain) || strings.HasSuffix(path, Packed)) {
			out = append(out, path)
		}
		return err
	})
	slices.Sort(out)
	return out, err
}

// Read reads a history from a file.
func Read(path string) (h *historypb.History, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var r io.Reader = f
	if strings.HasSuffix(path, Packed) {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if h, err = client.HistoryFromJSON(r, client.HistoryJSONOptions{}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

// Write writes a history to a new file, compressed. A file that is there
// already is an error.
func Write(path string, h *historypb.History) (err error) {
	text, err := protojson.Marshal(h)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // #nosec G302 -- part of the source
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = z.Write(text)
	return errors.Join(err, z.Close())
}

// Fetch reads the history of one run; an empty run id asks for the latest.
func Fetch(ctx context.Context, c client.Client, of workflow.Execution) (*historypb.History, error) {
	var h historypb.History
	it := c.GetWorkflowHistory(ctx, of.ID, of.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
	}
	return &h, nil
}
