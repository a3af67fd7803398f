package strictyaml

import "testing"

// What is offered to who mistyped a zone must itself be one.
func TestCommonZonesAreZones(t *testing.T) {
	for _, z := range commonZones() {
		if _, err := ParseZone(z); err != nil {
			t.Error(err)
		}
	}
}

func TestMeant(t *testing.T) {
	for name, want := range map[string]string{
		"colums":  ", did you mean columns?",
		"来电是间":    ", did you mean 来电时间?",
		"colmuns": ", did you mean columns?",
		"unlike":  "",
	} {
		if got := Meant(name, []string{"columns", "来电时间"}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
