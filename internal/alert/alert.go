// Package alert says which concerns need a look now, by which rule, and what
// would have kept it silent.
//
// A [Detector] follows each concern in constant time and judges every bucket
// against what that concern usually brings; rules turn its readings, and facts
// that need no statistics, into alerts; a [Budget] keeps them to a stated
// number a day. The package sends nothing, opens no case and rates no harm:
// what an alert means is for a person to say.
package alert
