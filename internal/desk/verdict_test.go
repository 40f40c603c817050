package desk_test

import (
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// TestEstimates: what people think is kept before they see each other's, the
// log never tells it early, and dissent stays beside the verdict.
func TestEstimates(t *testing.T) {
	o := newOffice(t, "front")
	omar, ada := hearback.Actor{ID: 2, Role: "reviewer", Number: 2}, hearback.Actor{ID: 3, Role: "reviewer", Number: 3}
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	o.wants(o.cases.Estimate(o.ctx, lin, c.ID, "maybe", 50, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Estimate(o.ctx, lin, c.ID, hearback.False, 101, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Estimate(o.ctx, hearback.System, c.ID, hearback.False, 50, ""))(hearback.ErrRefused)
	o.wants(o.cases.Dissent(o.ctx, lin, c.ID, hearback.True, "x"))(hearback.ErrRefused) // of no verdict
	c = o.must(o.cases.Estimate(o.ctx, lin, c.ID, hearback.False, 80, "the laboratory"))
	if typ, pub := o.last(); typ != "claim.estimated" || len(pub) != 1 || strings.Contains(asJSON(t, pub), "false") {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.Estimate(o.ctx, lin, c.ID, hearback.True, 80, ""))(hearback.ErrRefused) // once
	if len(c.Visible(omar.ID)) != 0 || len(c.Visible(lin.ID)) != 1 || c.Waiting() != 1 {
		t.Errorf("omar sees %v before he gave his", c.Visible(omar.ID))
	}
	o.now = o.now.Add(time.Minute)
	c = o.must(o.cases.Estimate(o.ctx, omar, c.ID, hearback.Misleading, 60, ""))
	if len(c.Visible(omar.ID)) != 2 {
		t.Errorf("omar sees %v after he gave his", c.Visible(omar.ID))
	}
	o.now = o.now.Add(time.Minute)
	o.must(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{Title: "Measurement", Primary: true}))
	o.must(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.False, ""))
	if typ, pub := o.last(); typ != "claim.assessed" || pub["estimates"] != 2.0 || pub["agree"] != 1.0 {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.Dissent(o.ctx, ada, c.ID, hearback.False, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Dissent(o.ctx, ada, c.ID, hearback.PartlyTrue, " "))(hearback.ErrInvalid)
	c = o.must(o.cases.Dissent(o.ctx, ada, c.ID, hearback.PartlyTrue, "Zhang measured it at one tap"))
	if typ, pub := o.last(); typ != "claim.dissented" || pub["instead"] != "partly_true" || pub["verdict"] != "false" || strings.Contains(asJSON(t, pub), "Zhang") {
		t.Errorf("record %s %v", typ, pub)
	}
	if c.Verdict != hearback.False || len(c.Dissents) != 1 {
		t.Errorf("verdict %s, dissents %v", c.Verdict, c.Dissents)
	}
	// A new round: ada's first estimate is blind again, and nothing is lost.
	o.now = o.now.Add(time.Minute)
	c = o.must(o.cases.Estimate(o.ctx, lin, c.ID, hearback.PartlyTrue, 60, ""))
	if got := c.Visible(ada.ID); len(got) != 2 {
		t.Errorf("ada sees %d estimates, want those of the round before", len(got))
	}
	o.now = o.now.Add(time.Minute)
	c = o.must(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.PartlyTrue, ""))
	c = o.must(o.cases.RetractEvidence(o.ctx, lin, c.ID, c.Evidence[0].ID, "the meter was wrong"))
	if c.Verdict != "" || len(c.Rulings) != 3 || len(c.Dissents) != 1 || len(c.Estimates) != 3 {
		t.Errorf("verdict %q after %d rulings, %d dissents, %d estimates", c.Verdict, len(c.Rulings), len(c.Dissents), len(c.Estimates))
	}
}
