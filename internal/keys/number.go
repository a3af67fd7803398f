package keys

import "hotline12333/internal/personal"

func normalize(number string) string { return personal.Normalize(number) }

// Mask is [personal.Mask].
func (*Keys) Mask(number string) string { return personal.Mask(number) }

// Region is [personal.Region].
func (*Keys) Region(number string) string { return personal.Region(number) }
