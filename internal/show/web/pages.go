package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Pages renders every page. It is safe for concurrent use.
type Pages struct {
	templates *template.Template
	static    assets
}

// New parses the templates and hashes the static files. It fails only if the
// program was built from broken ones.
func New() (*Pages, error) {
	static, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	t, err := template.New("").Funcs(functions(static)).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return &Pages{templates: t, static: static}, nil
}

// Static holds the style sheet and the scripts under names that contain a hash
// of their content; serve it under StaticPrefix, cached forever.
func (p *Pages) Static() fs.FS { return p.static }

// Service renders /s/{service}.
func (p *Pages) Service(w io.Writer, v ServiceView) error {
	return p.render(w, "service.html", newServicePage(v))
}

// ServiceFragment renders the live parts of /s/{service} alone, for
// ?fragment=live.
func (p *Pages) ServiceFragment(w io.Writer, v ServiceView) error {
	return p.render(w, "live", newServicePage(v))
}

// Incident renders /incidents/{id}.
func (p *Pages) Incident(w io.Writer, v IncidentView) error {
	return p.render(w, "incident.html", newIncidentPage(v))
}

// Attack renders /incidents/{id}/attacks/{attack}, the operator's page of one attack.
func (p *Pages) Attack(w io.Writer, v AttackView) error {
	return p.render(w, "attack.html", newAttackPage(v))
}

// Index renders /.
func (p *Pages) Index(w io.Writer, v IndexView) error {
	return p.render(w, "index.html", newIndexPage(v))
}

// Ops renders /ops.
func (p *Pages) Ops(w io.Writer, v OpsView) error {
	return p.render(w, "ops.html", newOpsPage(v))
}

// HealthData renders /health/data.
func (p *Pages) HealthData(w io.Writer, v HealthView) error {
	return p.render(w, "health.html", newHealthPage(v))
}

// Privacy renders /privacy.
func (p *Pages) Privacy(w io.Writer, v PrivacyView) error {
	return p.render(w, "privacy.html", newPrivacyPage(v))
}

// SignIn renders the page shown instead of an operator's page.
func (p *Pages) SignIn(w io.Writer, v SignInView) error {
	return p.render(w, "signin.html", newSignInPage(v))
}

// Problem renders an error page.
func (p *Pages) Problem(w io.Writer, v ProblemView) error {
	return p.render(w, "problem.html", newProblemPage(v))
}

// render executes into memory first, so that a failure never leaves half a page.
func (p *Pages) render(w io.Writer, name string, data any) error {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
