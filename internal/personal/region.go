package personal

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Region says in Chinese where a number is from, by libphonenumber's tables: province and
// city of a mobile's first seven digits or of an area code, the country of a foreign
// number. It is where the number was given out, not where the caller is. A number that
// the tables do not place has none: short numbers, 400 and 800, prefixes newer than the
// tables.
func Region(number string) string {
	n := Normalize(number)
	foreign := strings.HasPrefix(n, "+")
	if !foreign && !mobile(n) && !fixed(n) {
		return ""
	}
	if foreign {
		parsed, err := phonenumbers.Parse(n, "CN")
		if err != nil || !phonenumbers.IsPossibleNumber(parsed) {
			return ""
		}
		region, err := language.ParseRegion(phonenumbers.GetRegionCodeForNumber(parsed))
		if err != nil || !region.IsCountry() {
			return ""
		}
		return display.Regions(language.SimplifiedChinese).Name(region)
	}
	place, err := phonenumbers.GetGeocodingForNumber(mainland(n), "zh")
	if err != nil || place == "中国" { // what it says of numbers that are not in its tables
		return ""
	}
	return place
}

// mainland is what phonenumbers.Parse makes of a mobile or a fixed line in the form of
// Normalize, without its search for country codes, carriers and extensions in texts: it
// took half of the time of reading a record. Behind 179 Parse looks for a number abroad, and
// finds places that no caller of eleven digits is in; here such a number has none.
func mainland(n string) *phonenumbers.PhoneNumber {
	china := int32(86)
	digits, err := strconv.ParseUint(n, 10, 64)
	if err != nil {
		digits = 0 // no number: in no table
	}
	return &phonenumbers.PhoneNumber{CountryCode: &china, NationalNumber: &digits}
}

// fixed says whether a number is a fixed line of mainland China with its area code.
func fixed(n string) bool {
	if len(n) < 10 || len(n) > 12 || n[0] != '0' {
		return false
	}
	area := 4
	if n[1] == '1' || n[1] == '2' {
		area = 3
	}
	local := len(n) - area
	return n[1] >= '1' && (n[1] != '1' || n[2] == '0') && n[area] >= '2' && (local == 7 || local == 8)
}
