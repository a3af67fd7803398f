package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The channels.
const (
	chDingTalk = "dingtalk"
	chFeishu   = "feishu"
	chWeCom    = "wecom"
	chSMS      = "sms"
	chWebhook  = "webhook"
)

// The longest texts that the channels take: bytes, of short messages characters.
const (
	mostDingTalk = 18_000
	mostFeishu   = 18_000
	mostWeCom    = 2_000
	mostSMS      = 300
)

// channel reaches somebody.
type channel struct {
	name string
	// requests are what tells a group, made anew at each attempt since they are signed
	// with the time; none when the group is not for this channel. Each has a key, by
	// which those that went through are not repeated.
	requests func(g *Webhook, now time.Time) ([]request, error)
	// accepted reads the answer: robots say no with status 200.
	accepted func(body []byte) error
}

type request struct {
	key         string
	url         string
	contentType string
	body        []byte
}

// channels are those that are configured.
func channels(cfg Config, zone *time.Location) []channel {
	w := writer{zone: zone, runbooks: cfg.Runbooks}
	var list []channel
	if r := cfg.DingTalk; r.URL != "" {
		list = append(list, channel{chDingTalk, func(g *Webhook, now time.Time) ([]request, error) {
			address, err := signedURL(r, now)
			return one(address, map[string]any{"msgtype": "text", "text": map[string]string{"content": w.text(g, mostDingTalk)}}, err)
		}, errcode})
	}
	if r := cfg.Feishu; r.URL != "" {
		list = append(list, channel{chFeishu, func(g *Webhook, now time.Time) ([]request, error) {
			body := map[string]any{"msg_type": "text", "content": map[string]string{"text": w.text(g, mostFeishu)}}
			if r.Secret != "" {
				body["timestamp"], body["sign"] = feishuSign(r.Secret, now)
			}
			return one(r.URL, body, nil)
		}, code})
	}
	if r := cfg.WeCom; r.URL != "" {
		list = append(list, channel{chWeCom, func(g *Webhook, _ time.Time) ([]request, error) {
			return one(r.URL, map[string]any{"msgtype": "text", "text": map[string]string{"content": w.text(g, mostWeCom)}}, nil)
		}, errcode})
	}
	if s := cfg.SMS; s.URL != "" {
		list = append(list, channel{chSMS, func(g *Webhook, _ time.Time) ([]request, error) {
			if !g.pages() {
				return nil, nil
			}
			var out []request
			for _, phone := range s.Phones {
				form := url.Values{s.PhoneField: {phone}, s.TextField: {w.short(g, mostSMS)}}
				out = append(out, request{phone, s.URL, "application/x-www-form-urlencoded", []byte(form.Encode())})
			}
			return out, nil
		}, anything})
	}
	if h := cfg.Webhook; h.URL != "" {
		list = append(list, channel{chWebhook, func(g *Webhook, _ time.Time) ([]request, error) {
			return one(h.URL, g, nil)
		}, anything})
	}
	return list
}

// anything takes every answer whose status is good.
func anything([]byte) error { return nil }

func one(address string, body any, err error) ([]request, error) {
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(body)
	return []request{{url: address, contentType: "application/json", body: text}}, err
}

// signedURL is the address of a DingTalk robot with its signature (加签): HMAC-SHA-256 with
// the secret over the time in milliseconds, a line break and the secret.
func signedURL(r Robot, now time.Time) (string, error) {
	if r.Secret == "" {
		return r.URL, nil
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", errors.New("the address of the robot cannot be read")
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", sum(r.Secret, at+"\n"+r.Secret))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// feishuSign is the signature of a Feishu robot (签名校验): HMAC-SHA-256 over nothing, with
// the time in seconds, a line break and the secret for key.
func feishuSign(secret string, now time.Time) (at, sign string) {
	at = strconv.FormatInt(now.Unix(), 10)
	return at, sum(at+"\n"+secret, "")
}

func sum(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text)) // never fails
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// errcode reads the answers of DingTalk and WeCom.
func errcode(body []byte) error {
	var a struct {
		Code    *int   `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Code == nil {
		return fmt.Errorf("it answers what no robot does: %.100q", body)
	}
	return said(*a.Code, a.Message)
}

// code reads the answers of Feishu.
func code(body []byte) error {
	var a struct {
		Code    *int   `json:"code"`
		Status  *int   `json:"StatusCode"`
		Message string `json:"msg"`
	}
	err := json.Unmarshal(body, &a)
	switch {
	case err == nil && a.Code != nil:
		return said(*a.Code, a.Message)
	case err == nil && a.Status != nil:
		return said(*a.Status, a.Message)
	}
	return fmt.Errorf("it answers what no robot does: %.100q", body)
}

func said(code int, message string) error {
	if code == 0 {
		return nil
	}
	return fmt.Errorf("it says no: %d %s", code, strings.TrimSpace(message))
}

// post sends one request; passing says that repeating it may help.
func post(ctx context.Context, client *http.Client, ch *channel, r *request) (passing bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return false, errors.New("its address cannot be used")
	}
	req.Header.Set("Content-Type", r.contentType)
	resp, err := client.Do(req)
	if err != nil {
		return true, withoutAddress(err)
	}
	defer func() { _ = resp.Body.Close() }() // read as far as it is wanted
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return true, fmt.Errorf("reading its answer: %w", err)
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return true, fmt.Errorf("it answers %s", resp.Status)
	case resp.StatusCode >= 300:
		return false, fmt.Errorf("it answers %s", resp.Status)
	}
	return false, ch.accepted(body)
}

// withoutAddress takes the address, which is a secret, out of what the client says.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
