package app

import (
	"context"
	"fmt"
	"strconv"

	"hotline12333/internal/deadletter"
	"hotline12333/internal/intake"
	"hotline12333/internal/keys"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// The keys of what is remembered of how a file was read, to resume and to replay it.
const (
	contextZone     = "zone"
	contextRevision = "revision"
	contextCentre   = "centre"
	contextKey      = "key"
)

func contextOf(o source.Options, kit *keys.Keys) map[string]string {
	m := map[string]string{contextKey: kit.KeyID()}
	if o.Zone != nil {
		m[contextZone] = o.Zone.String()
	}
	if o.Revision != 0 {
		m[contextRevision] = strconv.FormatUint(o.Revision, 10)
	}
	if o.Centre != "" {
		m[contextCentre] = o.Centre
	}
	return m
}

func optionsOf(m map[string]string, kit *keys.Keys) (source.Options, error) {
	o := source.Options{Keys: kit, Centre: m[contextCentre]}
	var err error
	if z := m[contextZone]; z != "" {
		if o.Zone, err = source.ParseZone(z); err != nil {
			return o, err
		}
	}
	if r := m[contextRevision]; r != "" {
		if o.Revision, err = strconv.ParseUint(r, 10, 64); err != nil {
			return o, fmt.Errorf("the revision it was read with: %w", err)
		}
	}
	return o, nil
}

// rowReplayer takes rejected rows of files through their source as it is described now.
func (s *system) rowReplayer(kit *keys.Keys) (func(context.Context, deadletter.Letter) error, error) {
	sources, err := openSources(s.cfg)
	if err != nil {
		return nil, err
	}
	importer, err := s.importer(kit)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, l deadletter.Letter) error {
		return importer.Replay(ctx, l, func(ctx context.Context, row intake.Row, each func(*wire.Item) error) error {
			src, err := sources.Lookup(row.Source)
			if err != nil {
				return err
			}
			how, err := optionsOf(row.Context, kit)
			if err != nil {
				return err
			}
			how.Keys = sourceKeys(s.cfg, kit)
			return src.Row(ctx, row.Raw, row.Columns, how, each)
		})
	}, nil
}
