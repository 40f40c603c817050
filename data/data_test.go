package data_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"example.org/hearback/data"
)

// TestSums holds that the files are those that their READMEs describe.
func TestSums(t *testing.T) {
	characters, phrases, taiwan := data.Simplify()
	for _, tt := range []struct{ name, content, want string }{
		{"langid/lid.176.ftz", data.LangID(), "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"},
		{"hanwords/words.txt", data.HanWords(), "de0f7e7b60b213dfc0bd727472e96efeda8bfdb5b2de0f1a831d53cec86baf68"},
		{"cedict/words.txt", data.CedictWords(), "96ce5b1127a388c8f9a942dd4be49f697c8a27903aebcbd63700edf5e5f0adb9"},
		{"lexvec/lexvec.bin", string(data.LexVec()), "d22a67c2d673258212166884e5614ff6bbe72ca74579a5d3eaef422543a31a70"},
		{"places/places.txt", data.Places(), "20406575f8a00329e07cb50a9af07a331696fc34cfceb75209691ac08481b437"},
		{"places/ordinary.txt", data.PlaceWords(), "529f2163efa62db56f38db3383c1f203696da90b31220ea8afd2c78fcaec9e66"},
		{"passwords/passwords.txt", data.Passwords(), "a9746c337c6c07a0e439d492a5e15238e799eff05ec52d60f6a4b3dfdc893265"},
		{"holidays/days.txt", data.Holidays(), "95deab578b696234c620976d65ea33fc8274a495164b04358c59b2b891b1378d"},
		{"opencc/TSCharacters.txt", characters, "6b5a0a799bea2bb22c001f635eaa3fc2904310f0c08addbff275477a80ecf09a"},
		{"opencc/TSPhrases.txt", phrases, "b2ef895dd4953b4bb77fc8ef8d26a2a9ca6d43a760ed9a1d767672cfafa6324f"},
		{"opencc/TWPhrasesRev.txt", taiwan, "379241d79e784a0488c9f75a20ea4203218a6bc8dfb487fe836102f6bcf3e11d"},
	} {
		if sum := sha256.Sum256([]byte(tt.content)); hex.EncodeToString(sum[:]) != tt.want {
			t.Errorf("%s has SHA-256 %x, want %s: if the change is meant, change this test and the README", tt.name, sum, tt.want)
		}
	}
}

// TestLicences holds that every folder of data says under which terms it
// comes and from where.
func TestLicences(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		dir := e.Name()
		for _, name := range []string{"LICENSE", "README.md"} {
			if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Size() < 100 {
				t.Errorf("%s lacks a %s", dir, name)
			}
		}
	}
}
