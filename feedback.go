package hearback

import (
	"fmt"
	"slices"
)

// Feedback is what readers say about one revision of an answer: counts by what
// they said and why. Nothing is kept of who they are, and no words of theirs.
type Feedback struct {
	Revision int
	Said     Said
	Reason   FeedbackReason // "" for those who chose none
	N        int64
}

// Said is what a reader says: whether the answer answered the question.
type Said string

// What a reader can say.
const (
	SaidYes  Said = "yes"
	SaidPart Said = "part"
	SaidNo   Said = "no"
)

// FeedbackReason says why an answer did not, or only in part.
type FeedbackReason string

// The reasons a reader can choose from.
const (
	FeedbackUnclear FeedbackReason = "unclear" // I do not understand it
	FeedbackMissing FeedbackReason = "missing" // something is missing
	FeedbackWrong   FeedbackReason = "wrong"   // something in it is wrong
	FeedbackOther   FeedbackReason = "other"   // my question was another one
	FeedbackUseless FeedbackReason = "useless" // I cannot do what it says
)

// FeedbackReasons lists the reasons in the order in which they are shown.
func FeedbackReasons() []FeedbackReason {
	return []FeedbackReason{FeedbackUnclear, FeedbackMissing, FeedbackOther, FeedbackUseless, FeedbackWrong}
}

// CheckFeedback returns [ErrInvalid] for anything that a reader cannot say.
func CheckFeedback(said Said, reason FeedbackReason) error {
	if !slices.Contains([]Said{SaidYes, SaidPart, SaidNo}, said) || reason != "" && (said == SaidYes || !slices.Contains(FeedbackReasons(), reason)) {
		return fmt.Errorf("%w: choose whether the answer helped, and one of the reasons", ErrInvalid)
	}
	return nil
}
