// Command tlogclient verifies a log of Integritas with public libraries alone:
// golang.org/x/mod/sumdb (note, tlog) and transparency-dev (formats, merkle).
//
//	tlogclient LOG VKEY [PROOFS [WITNESS-VKEY...]]
//
// LOG is the folder of a mirror or the address of the HTTP prefix (then
// TLOG_TOKEN is the bearer token). PROOFS is a JSON file of proofs that the log gave out.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type fetcher func(path string) ([]byte, error)

func fetch(log string) fetcher {
	if !strings.HasPrefix(log, "http") {
		return func(path string) ([]byte, error) {
			return os.ReadFile(filepath.Join(log, filepath.FromSlash(path)))
		}
	}
	return func(path string) ([]byte, error) {
		request, err := http.NewRequest("GET", log+"/"+path, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("TLOG_TOKEN"))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, response.Status)
		}
		return io.ReadAll(response.Body)
	}
}

// tiles reads tiles as C2SP tlog-tiles lays them out: the path of sumdb without the height,
// and "entries" where sumdb says "data".
type tiles struct{ get fetcher }

func (tiles) Height() int                     { return height }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := r.get(path(tile))
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path(tile), len(data))
		}
		found = append(found, data)
	}
	return found, nil
}

func path(tile tlog.Tile) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

// entries cuts a bundle: each entry has its length before it, two bytes, big-endian.
func entries(blob []byte) ([][]byte, error) {
	var found [][]byte
	for len(blob) > 0 {
		if len(blob) < 2 {
			return nil, errors.New("a bundle ends in the middle of a length")
		}
		end := 2 + int(blob[0])<<8 + int(blob[1])
		if len(blob) < end {
			return nil, errors.New("a bundle ends in the middle of an entry")
		}
		found = append(found, blob[2:end])
		blob = blob[end:]
	}
	return found, nil
}

type proofs struct {
	Inclusion []struct {
		Index, Size uint64
		Leaf, Root  []byte
		Hashes      [][]byte
	}
	Consistency []struct {
		Old, New         uint64
		OldRoot, NewRoot []byte
		Hashes           [][]byte
	}
}

func checkTiles(get fetcher, tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, tiles{get})
	if root, err := tlog.TreeHash(tree.N, reader); err != nil || root != tree.Hash {
		return fmt.Errorf("the tiles lead to %v, not to %v (%v)", root, tree.Hash, err)
	}
	for start := int64(0); start < tree.N; start += 1 << height {
		width := min(tree.N-start, 1<<height)
		blob, err := get(path(tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}))
		if err != nil {
			return err
		}
		found, err := entries(blob)
		if err != nil || int64(len(found)) != width {
			return fmt.Errorf("bundle %d has %d entries (%v)", start>>height, len(found), err)
		}
		for offset, entry := range found {
			index := start + int64(offset)
			path, err := tlog.ProveRecord(tree.N, index, reader)
			if err != nil {
				return err
			}
			leaf := tlog.RecordHash(entry)
			if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, leaf); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
	}
	return nil
}

func hashes(list [][]byte) []tlog.Hash {
	var found []tlog.Hash
	for _, digest := range list {
		found = append(found, tlog.Hash(digest))
	}
	return found
}

// checkProofs has two independent libraries judge each proof.
func checkProofs(given proofs) error {
	for _, p := range given.Inclusion {
		err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, p.Size, p.Leaf, p.Hashes, p.Root)
		if err == nil {
			err = tlog.CheckRecord(hashes(p.Hashes), int64(p.Size), tlog.Hash(p.Root), int64(p.Index), tlog.Hash(p.Leaf))
		}
		if err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", p.Index, p.Size, err)
		}
	}
	for _, p := range given.Consistency {
		err := proof.VerifyConsistency(rfc6962.DefaultHasher, p.Old, p.New, p.Hashes, p.OldRoot, p.NewRoot)
		if err == nil {
			err = tlog.CheckTree(hashes(p.Hashes), int64(p.New), tlog.Hash(p.NewRoot), int64(p.Old), tlog.Hash(p.OldRoot))
		}
		if err != nil {
			return fmt.Errorf("consistency of %d and %d: %w", p.Old, p.New, err)
		}
	}
	return nil
}

func checkCheckpoint(text []byte, vkey string, witnesses []string) (*log.Checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	var others []note.Verifier
	for _, witness := range witnesses {
		other, err := fnote.NewVerifierForCosignatureV1(witness)
		if err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	checkpoint, rest, opened, err := log.ParseCheckpoint(text, verifier.Name(), verifier, others...)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 || len(opened.Sigs) != 1+len(witnesses) {
		return nil, fmt.Errorf("%d signatures verify, extensions %q", len(opened.Sigs), rest)
	}
	return checkpoint, nil
}

func run(arguments []string) error {
	get := fetch(arguments[0])
	text, err := get("checkpoint")
	if err != nil {
		return err
	}
	var witnesses []string
	if len(arguments) > 3 {
		witnesses = arguments[3:]
	}
	checkpoint, err := checkCheckpoint(text, arguments[1], witnesses)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	tree := tlog.Tree{N: int64(checkpoint.Size), Hash: tlog.Hash(checkpoint.Hash)}
	if err := checkTiles(get, tree); err != nil {
		return err
	}
	var given proofs
	if len(arguments) > 2 {
		file, err := os.ReadFile(arguments[2])
		if err != nil {
			return err
		}
		decoder := json.NewDecoder(bytes.NewReader(file))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&given); err != nil {
			return err
		}
		if err := checkProofs(given); err != nil {
			return err
		}
	}
	fmt.Printf("verified %d entries, %d inclusion and %d consistency proofs\n",
		tree.N, len(given.Inclusion), len(given.Consistency))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: tlogclient LOG VKEY [PROOFS [WITNESS-VKEY...]]")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
