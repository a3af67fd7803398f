package app

import (
	"context"

	"golang.org/x/sync/errgroup"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/config"
)

// loadedTopics are the topics whose records the loaders bring into the store, with the
// groups that do.
func loadedTopics(cfg config.Root) map[string]string { return cfg.Load.Groups(loadTopics(cfg.Topics)) }

// settle waits until everything that is on the broker is loaded and tallied.
func (s *system) settle(ctx context.Context, tell func(toLoad, toTally int64)) error {
	topics, groups := loadTopics(s.cfg.Topics), loadedTopics(s.cfg)
	for _, topic := range []string{topics.Supplements, topics.Agents, topics.Tickets, topics.Calls} {
		ends, err := s.ends(ctx, topic)
		if err != nil {
			return err
		}
		if len(ends) == 0 && topic != topics.Calls {
			continue
		}
		w := aggregate.Waiter{
			Broker: s.broker, LoadGroup: groups[topic], CallsTopic: topic,
			TallyGroup: s.cfg.Aggregate.Group, TouchedTopic: s.cfg.Topics.Touched, OnProgress: tell,
		}
		if err := w.Wait(ctx, ends); err != nil {
			return err
		}
	}
	return nil
}

// settled returns when all that is on Kafka now is loaded and counted.
func (s *system) settled(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for topic, group := range loadedTopics(s.cfg) {
		g.Go(func() error {
			ends, err := s.ends(ctx, topic)
			if err != nil {
				return err
			}
			w := aggregate.Waiter{
				Broker: s.broker, LoadGroup: group, CallsTopic: topic,
				TallyGroup: s.cfg.Aggregate.Group, TouchedTopic: s.cfg.Topics.Touched,
			}
			return w.Wait(ctx, ends)
		})
	}
	return g.Wait()
}

// ends are the offsets after what the partitions of a topic hold now; those that hold
// nothing have none.
func (s *system) ends(ctx context.Context, topic string) (map[int]int64, error) {
	extents, err := s.broker.Offsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends := make(map[int]int64, len(extents))
	for _, e := range extents {
		if e.Next > e.First {
			ends[e.Partition] = e.Next
		}
	}
	return ends, nil
}
