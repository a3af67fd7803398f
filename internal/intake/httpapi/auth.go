package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hotline12333/internal/intake/tokens"
)

// authenticate says who sends. A token comes as a bearer, or as the password of HTTP Basic,
// which is what telephone systems can send; a verified certificate stands for one.
func (s *Server) authenticate(r *http.Request) (*tokens.Token, *problem) {
	secret, given := bearer(r)
	var t *tokens.Token
	var err error
	switch {
	case given:
		t, err = s.deps.Tokens.Find(secret, s.deps.Now())
	case r.TLS != nil && len(r.TLS.VerifiedChains) > 0:
		t, err = s.deps.Tokens.FindCertificate(r.TLS.PeerCertificates[0], s.deps.Now())
	default:
		return nil, refuse(http.StatusUnauthorized, codeToken, "a token is needed: Authorization: Bearer TOKEN, or as the password of HTTP Basic (hotline tokens add makes one)")
	}
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, tokens.ErrUnknown), errors.Is(err, tokens.ErrRevoked), errors.Is(err, tokens.ErrExpired):
		return nil, refuse(http.StatusUnauthorized, codeToken, err.Error())
	}
	// Nobody is let in on a file that cannot be read, and nobody's records are refused for good.
	s.log.Error("the tokens cannot be read", "file", s.deps.Tokens.Path(), "err", err)
	return nil, unavailable(10*time.Second, "tokens cannot be checked")
}

func bearer(r *http.Request) (secret string, given bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", false
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", true // of a kind that is not known
	}
	return strings.TrimSpace(rest), true
}
