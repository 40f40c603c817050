package main

// groups compares groups with those that people made: BCubed F1 (Bagga and
// Baldwin 1998), the adjusted Rand index (Hubert and Arabie 1985), and how many
// groups there are of each.
func groups(want, got []string) (f1, ari float64, wanted, found int) {
	both, w, g := map[[2]string]float64{}, map[string]float64{}, map[string]float64{}
	for i := range want {
		both[[2]string{want[i], got[i]}]++
		w[want[i]]++
		g[got[i]]++
	}
	n := float64(len(want))
	var p, r, pairs, wantPairs, gotPairs float64
	for c, k := range both {
		p += k * k / g[c[1]] / n
		r += k * k / w[c[0]] / n
		pairs += k * (k - 1) / 2
	}
	for _, k := range w {
		wantPairs += k * (k - 1) / 2
	}
	for _, k := range g {
		gotPairs += k * (k - 1) / 2
	}
	chance := wantPairs * gotPairs / max(n*(n-1)/2, 1)
	ari = 1
	if most := (wantPairs + gotPairs) / 2; most != chance {
		ari = (pairs - chance) / (most - chance)
	}
	return 2 * p * r / max(p+r, 1e-12), ari, len(w), len(g)
}

// labels compares labels with those that people gave: the share that is right,
// the F1 of each label that people gave, and the mean of these.
func labels(want, got []string) (accuracy, macro float64, f1 map[string]float64) {
	hit, w, g := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for i := range want {
		w[want[i]]++
		g[got[i]]++
		if want[i] == got[i] {
			hit[got[i]]++
			accuracy += 1 / float64(len(want))
		}
	}
	f1 = map[string]float64{}
	for l := range w {
		f1[l] = 2 * hit[l] / (w[l] + g[l])
		macro += f1[l] / float64(len(w))
	}
	return accuracy, macro, f1
}

// precision is the average precision of the first k of a ranking.
func precision(right map[string]bool, ranking []string, k int) float64 {
	hits, sum := 0.0, 0.0
	for i, id := range ranking[:min(k, len(ranking))] {
		if right[id] {
			hits++
			sum += hits / float64(i+1)
		}
	}
	return sum / float64(min(k, len(right)))
}
