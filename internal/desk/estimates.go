package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"example.org/hearback"
)

// estimatesSetting holds how many people must have given a blind estimate
// before a verdict, by tier, as JSON.
const estimatesSetting = "desk.estimates"

// MaxBlind is the most estimates that can be asked for before a verdict.
const MaxBlind = 5

// Estimates returns how many people must have given their estimate, without
// seeing those of others, before a verdict on a case of each tier; a tier that
// is not in it asks for none.
func (s *Desks) Estimates(ctx context.Context) (map[hearback.Tier]int, error) {
	need := map[hearback.Tier]int{}
	text, err := s.Store.Setting(ctx, estimatesSetting)
	if err != nil || text == "" {
		return need, err
	}
	if err := json.Unmarshal([]byte(text), &need); err != nil {
		return nil, fmt.Errorf("setting %s: %w", estimatesSetting, err)
	}
	return need, nil
}

// SetEstimates changes that, for a reason that goes to the public log.
func (s *Desks) SetEstimates(ctx context.Context, by hearback.Actor, need map[hearback.Tier]int, reason string) error {
	to := map[string]any{}
	kept := map[hearback.Tier]int{}
	for _, tier := range hearback.Tiers() {
		n := need[tier]
		if tier == hearback.Watch || n == 0 {
			continue
		}
		if n < 0 || n > MaxBlind {
			return fmt.Errorf("%w: a verdict can ask for up to %d estimates first", hearback.ErrInvalid, MaxBlind)
		}
		kept[tier], to[string(tier)] = n, n
	}
	reason, err := Public(s.Leak, "the reason", reason)
	if err != nil {
		return err
	}
	if reason == "" {
		return fmt.Errorf("%w: say why the number of estimates changes; the reason is public", hearback.ErrInvalid)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return s.Store.SetSetting(ctx, estimatesSetting, string(text), hearback.Record{
		Type: hearback.EstimatesChanged, At: s.Now().UTC(), Actor: by, Subject: "setting:" + estimatesSetting, Pub: pub{"to": to, "reason": reason},
	})
}
