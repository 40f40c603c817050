package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// The vectors are those of RFC 6238, appendix B, cut to six digits.
func TestCode(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	for _, tt := range []struct {
		at   int64
		want string
	}{
		{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
	} {
		got, err := access.Code(secret, time.Unix(tt.at, 0))
		if err != nil || got != tt.want {
			t.Errorf("Code at %d = %q, %v, want %q", tt.at, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "x", secret + "AA", "1" + secret[1:], secret[:31]} {
		if _, err := access.Code(bad, time.Unix(59, 0)); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("Code(%q) = %v, want %v", bad, err, hearback.ErrInvalid)
		}
	}
	a, b := access.NewSecret(), access.NewSecret()
	if a == b || len(a) != 32 {
		t.Errorf("secrets %q, %q", a, b)
	}
	url := access.SecretURL("本单位: Desk & Co", "chen@example.org", secret)
	for _, want := range []string{"otpauth://totp/%E6%9C%AC", "secret=" + secret, "issuer=%E6%9C%AC%E5%8D%95%E4%BD%8D%3A%20Desk%20%26%20Co"} {
		if !strings.Contains(url, want) {
			t.Errorf("address %s lacks %s", url, want)
		}
	}
}

func FuzzCode(f *testing.F) {
	f.Add("GEZD GNBV gy3tqojqgezdgnbvgy3tqojq", int64(59))
	f.Add("密码", int64(-1))
	f.Fuzz(func(t *testing.T, secret string, at int64) {
		code, err := access.Code(secret, time.Unix(at, 0))
		if err == nil && (len(code) != 6 || strings.Trim(code, "0123456789") != "") {
			t.Errorf("Code(%q, %d) = %q", secret, at, code)
		}
	})
}
