package server

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"

	"downpour/internal/show/web"
)

const sessionCookie = "downpour_session"

// credential is what a request shows of being the operator's.
type credential struct {
	session string // the cookie's value; empty with a bearer token
	valid   bool
}

// credentialOf reads a request's credential. Where operator routes are not
// served, none is believed: a page there looks the same to everybody.
func (s *Server) credentialOf(r *http.Request) credential {
	if x := exchangeOf(r); x == nil || !x.operator {
		return credential{}
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return credential{valid: s.token.equal(strings.TrimSpace(token))}
	}
	if c, err := r.Cookie(sessionCookie); err == nil && s.sessions.valid(c.Value) {
		return credential{session: c.Value, valid: true}
	}
	return credential{}
}

// operatorOnly asks for a credential and, of a request that changes something,
// for proof that the operator's own page sent it: the same origin, and with a
// cookie the session's CSRF token. A bearer token needs no such token, since no
// browser adds it by itself.
func (s *Server) operatorOnly(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		c := s.credentialOf(r)
		if !c.valid {
			return s.askForCredential(w, r, false)
		}
		if !safeMethod(r.Method) {
			if err := s.origin.Check(r); err != nil {
				return refuse(http.StatusForbidden, "The request came from another site", "Operate Downpour from its own pages.")
			}
			if err := s.readForm(w, r); err != nil {
				return err
			}
			if c.session != "" && !csrfValid(c.session, firstOf(r.Header.Get("X-CSRF-Token"), r.PostForm.Get("csrf"))) {
				return refuse(http.StatusForbidden, "The page was too old", "Go back, reload it, and try again.")
			}
		}
		return h(w, r)
	}
}

func safeMethod(m string) bool { return m == http.MethodGet || m == http.MethodHead }

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// readForm reads a form's body within its bound; an empty body is an empty form.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) error {
	if kind := mediaType(r); kind != "" && kind != "application/x-www-form-urlencoded" {
		return refuse(http.StatusUnsupportedMediaType, "The body is not a form", "Send application/x-www-form-urlencoded.")
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.config.Limits.OperatorBody)
	return formError(r.ParseForm())
}

// askForCredential answers 401: a browser gets the page to sign in on.
func (s *Server) askForCredential(w http.ResponseWriter, r *http.Request, failed bool) error {
	w.Header().Set("WWW-Authenticate", `Bearer realm="downpour"`)
	if !wantsPage(r) {
		return refuse(http.StatusUnauthorized, "A credential is needed", "Send the operator's token as bearer token, or sign in by the link that the server printed at its start.")
	}
	view := web.SignInView{Frame: s.frame(r), Action: "/ops/sign-in", Next: "/ops", Failed: failed}
	if next := localPath(r.URL.Path); safeMethod(r.Method) && next != view.Action {
		view.Next = next
	}
	return s.renderNow(w, http.StatusUnauthorized, func(b *pageBuffer) error { return s.pages.SignIn(b, view) })
}

// signIn takes the token of the start-up link (GET) or of the sign-in form
// (POST), begins a session and goes on to a page whose address bears no token.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	token, next := r.URL.Query().Get("token"), r.URL.Query().Get("next")
	if r.Method == http.MethodPost {
		if crossSite(r) {
			return refuse(http.StatusForbidden, "The request came from another site", "Sign in on Downpour's own page.")
		}
		if err := s.readForm(w, r); err != nil {
			return err
		}
		token, next = r.PostForm.Get("token"), r.PostForm.Get("next")
	}
	if token == "" {
		return s.askForCredential(w, r, false)
	}
	if !s.token.equal(token) {
		s.metrics.signIns.WithLabelValues("refused").Inc()
		return s.askForCredential(w, r, true)
	}
	s.metrics.signIns.WithLabelValues("accepted").Inc()
	s.setSessionCookie(w, r, s.sessions.open(), int(s.config.Limits.Session.Seconds()))
	redirect(w, localPath(next))
	return nil
}

// signOut ends the session and forgets its cookie.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if c := s.credentialOf(r); c.session != "" {
		s.sessions.close(c.session)
	}
	s.setSessionCookie(w, r, "", -1)
	redirect(w, "/")
	return nil
}

// setSessionCookie keeps the cookie from scripts and from other sites' requests;
// over TLS (here, or at a trusted proxy) also from plain connections.
func (s *Server) setSessionCookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	secure := r.TLS != nil || s.trusts(r) && r.Header.Get("X-Forwarded-Proto") == "https" || strings.HasPrefix(s.config.PublicURL, "https:")
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
	})
}

// redirect answers 303 (See Other): go on with GET.
func redirect(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

// localPath is the path if it lies on this site, else the operator's home.
// Browsers read both // and /\ as the start of another host.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/ops"
	}
	return path
}

// crossSite tells whether a browser says that another site's page sent the
// request: by Sec-Fetch-Site, or where that is missing by an Origin that is not
// ours. Clients that say nothing are not browsers and forge nobody's clicks.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "same-site", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		u, err := url.Parse(origin)
		return origin != "" && (err != nil || u.Host != r.Host)
	}
	return true
}

func digestOf(token string) digest { return sha256.Sum256([]byte(token)) }
