package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// paddedNumber hides how long a number is.
const paddedNumber = 24

var errSealed = errors.New("it was not sealed for this call with a key of this file, or its key is retired")

// SealForCallback seals the number of a call that arrived at the time, so that only who
// has the keys can call back; empty when there is no number. The seal is bound to the
// call's id. It is the same whenever the same call is read, as every content of a record
// must be: the nonce is a keyed hash of what is sealed.
func (k *Keys) SealForCallback(callID, number string, at time.Time) (string, error) {
	n := normalize(number)
	if n == "" || len(n) > paddedNumber {
		return "", nil
	}
	keys := k.ring.Load().keys
	i := len(keys) - 1
	for i > 0 && at.Before(keys[i].from) {
		i--
	}
	box, err := keys[i].callback()
	if err != nil {
		return "", fmt.Errorf("sealing a number: %w", err)
	}
	plain := make([]byte, paddedNumber)
	copy(plain, n)
	nonce := box.nonce(callID, plain)
	return keys[i].id + "." + base64.RawURLEncoding.EncodeToString(box.aead.Seal(nonce, nonce, plain, []byte(callID))), nil
}

// OpenForCallback gives the number back, in the form of [personal.Normalize].
func (k *Keys) OpenForCallback(callID, sealed string) (string, error) {
	id, text, ok := strings.Cut(sealed, ".")
	keys := k.ring.Load().keys
	i := slices.IndexFunc(keys, func(key key) bool { return key.id == id })
	if !ok || i < 0 {
		return "", errSealed
	}
	box, err := keys[i].callback()
	if err != nil {
		return "", fmt.Errorf("opening a number: %w", err)
	}
	// Strict: else the last character has four that mean the same.
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < box.aead.NonceSize() {
		return "", errSealed
	}
	nonce, b := b[:box.aead.NonceSize()], b[box.aead.NonceSize():]
	plain, err := box.aead.Open(nil, nonce, b, []byte(callID))
	if err != nil {
		return "", errSealed
	}
	return string(bytes.TrimRight(plain, "\x00")), nil
}

// callbackBox seals with keys derived from one secret, which stay apart from pseudonyms'.
type callbackBox struct {
	aead   cipher.AEAD
	nonces []byte
}

func (k *key) callback() (callbackBox, error) {
	derived, err := hkdf.Key(sha256.New, k.secret, nil, "hotline callback 1", 64)
	if err != nil {
		return callbackBox{}, err
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return callbackBox{}, err
	}
	aead, err := cipher.NewGCM(block)
	return callbackBox{aead: aead, nonces: derived[32:]}, err
}

func (b callbackBox) nonce(callID string, plain []byte) []byte {
	mac := hmac.New(sha256.New, b.nonces)
	mac.Write(plain) // of fixed length: nothing else makes the same input
	mac.Write([]byte(callID))
	return mac.Sum(nil)[:b.aead.NonceSize()]
}
