package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// A sparse matrix of documents by terms, row by row.
type sparse struct {
	cols  int
	start []int // of each row, and the end of the last
	col   []int32
	val   []float32
}

func (m *sparse) rows() int { return len(m.start) - 1 }

// svd returns the k right singular vectors of m (cols × k, row by row) and the
// singular values: a randomised range finder with power iterations (Halko,
// Martinsson, Tropp 2011). The seed is fixed, so that the same input gives the
// same directions.
func svd(m *sparse, k, iterations int, progress func(string)) (vectors []float32, sigma []float64) {
	l := k + 24
	r := rand.New(rand.NewPCG(1, 2))
	q := make([]float32, m.cols*l)
	for i := range q {
		q[i] = float32(r.NormFloat64())
	}
	orthonormalise(q, l)
	for range iterations {
		progress("power iteration")
		q = m.normal(q, l)
		orthonormalise(q, l)
		orthonormalise(q, l) // once more: Cholesky loses digits
	}
	gram := make([]float64, l*l)
	parts := m.eachBlock(func(from, to int) any {
		g := make([]float64, l*l)
		z := make([]float32, l)
		for d := from; d < to; d++ {
			m.row(d, q, z, l)
			for i := range l {
				if z[i] == 0 {
					continue
				}
				zi, gi := float64(z[i]), g[i*l:(i+1)*l]
				for j := range i + 1 {
					gi[j] += zi * float64(z[j])
				}
			}
		}
		return g
	})
	for _, p := range parts {
		for i, x := range p.([]float64) {
			gram[i] += x
		}
	}
	for i := range l {
		for j := range i {
			gram[j*l+i] = gram[i*l+j]
		}
	}
	progress("eigenvalues")
	values, rot := jacobi(gram, l)
	vectors = make([]float32, m.cols*k)
	for t := range m.cols {
		for j := range k {
			var s float64
			for i := range l {
				s += float64(q[t*l+i]) * rot[i*l+j]
			}
			vectors[t*k+j] = float32(s)
		}
	}
	sigma = make([]float64, k)
	for j := range sigma {
		sigma[j] = math.Sqrt(max(values[j], 0))
	}
	return vectors, sigma
}

// row sets z to row d times q.
func (m *sparse) row(d int, q, z []float32, l int) {
	clear(z)
	for i := m.start[d]; i < m.start[d+1]; i++ {
		v, t := m.val[i], int(m.col[i])
		for j, x := range q[t*l : (t+1)*l] {
			z[j] += v * x
		}
	}
}

// normal returns mᵀ m q.
func (m *sparse) normal(q []float32, l int) []float32 {
	parts := m.eachBlock(func(from, to int) any {
		out := make([]float32, len(q))
		z := make([]float32, l)
		for d := from; d < to; d++ {
			m.row(d, q, z, l)
			for i := m.start[d]; i < m.start[d+1]; i++ {
				v, t := m.val[i], int(m.col[i])
				o := out[t*l : (t+1)*l]
				for j, x := range z {
					o[j] += v * x
				}
			}
		}
		return out
	})
	sum := parts[0].([]float32)
	for _, p := range parts[1:] {
		for i, x := range p.([]float32) {
			sum[i] += x
		}
	}
	return sum
}

// blocks is how many parts sums are made of. It is fixed and not the number of
// processors, so that rounding is the same on every machine.
const blocks = 2

func (m *sparse) eachBlock(f func(from, to int) any) []any {
	out := make([]any, blocks)
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for b := range blocks {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			out[b] = f(b*m.rows()/blocks, (b+1)*m.rows()/blocks)
		})
	}
	wg.Wait()
	return out
}

// orthonormalise makes the columns of q (l of them, row by row) orthonormal,
// by the Cholesky factor of their Gram matrix.
func orthonormalise(q []float32, l int) {
	n := len(q) / l
	g := make([]float64, l*l)
	for t := range n {
		row := q[t*l : (t+1)*l]
		for i, x := range row {
			if x == 0 {
				continue
			}
			xi, gi := float64(x), g[i*l:]
			for j := range i + 1 {
				gi[j] += xi * float64(row[j])
			}
		}
	}
	// Cholesky: g = c cᵀ, c lower triangular.
	c := g
	for i := range l {
		for j := range i + 1 {
			s := c[i*l+j]
			for p := range j {
				s -= c[i*l+p] * c[j*l+p]
			}
			if i == j {
				c[i*l+i] = math.Sqrt(max(s, 1e-12))
			} else {
				c[i*l+j] = s / c[j*l+j]
			}
		}
	}
	// Each row x becomes y with c y = x.
	for t := range n {
		row := q[t*l : (t+1)*l]
		for i := range l {
			s := float64(row[i])
			ci := c[i*l : i*l+i]
			for j, x := range ci {
				s -= x * float64(row[j])
			}
			row[i] = float32(s / c[i*l+i])
		}
	}
}

// jacobi returns the eigenvalues, largest first, and eigenvectors (columns) of
// a symmetric matrix, by cyclic Jacobi rotations.
func jacobi(a []float64, n int) (values, vectors []float64) {
	v := make([]float64, n*n)
	for i := range n {
		v[i*n+i] = 1
	}
	for range 30 {
		var off, diag float64
		for i := range n {
			diag += a[i*n+i] * a[i*n+i]
			for j := range i {
				off += a[i*n+j] * a[i*n+j]
			}
		}
		if off < 1e-18*diag {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				if math.Abs(a[p*n+q]) < 1e-300 {
					continue
				}
				theta := (a[q*n+q] - a[p*n+p]) / (2 * a[p*n+q])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for i := range n {
					x, y := a[i*n+p], a[i*n+q]
					a[i*n+p], a[i*n+q] = c*x-s*y, s*x+c*y
				}
				for i := range n {
					x, y := a[p*n+i], a[q*n+i]
					a[p*n+i], a[q*n+i] = c*x-s*y, s*x+c*y
				}
				for i := range n {
					x, y := v[i*n+p], v[i*n+q]
					v[i*n+p], v[i*n+q] = c*x-s*y, s*x+c*y
				}
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := 1; i < n; i++ {
		for j := i; j > 0 && a[order[j]*n+order[j]] > a[order[j-1]*n+order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	values, vectors = make([]float64, n), make([]float64, n*n)
	for j, o := range order {
		values[j] = a[o*n+o]
		for i := range n {
			vectors[i*n+j] = v[i*n+o]
		}
	}
	return values, vectors
}
