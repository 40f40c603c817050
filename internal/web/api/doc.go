package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// apiDocument serves the OpenAPI document.
func (q *request) apiDocument(nothing) (file, error) {
	return file{"application/json", "openapi.json", q.doc}, nil
}

// inPath finds the parameters of a pattern.
var inPath = regexp.MustCompile(`\{(\w+)\}`)

// pathParams says what the parameters of paths are.
var pathParams = map[string]map[string]any{
	"id":   schemas{}.of(idType),
	"slug": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$", "description": "Short name."},
	"seq":  {"type": "integer", "minimum": 0, "description": "Index in the public log, from 0."},
}

// openAPI makes the document that describes the operations (OpenAPI 3.1).
func openAPI(ops []operation, version, base string) ([]byte, error) {
	s := schemas{}
	s.of(reflect.TypeFor[apiProblem]())
	s["Problem"]["properties"].(map[string]any)["type"] = map[string]any{"type": "string", "format": "uri", "enum": problemTypes()}
	paths := map[string]map[string]any{}
	for i := range ops {
		o := &ops[i]
		if paths[o.path()] == nil {
			paths[o.path()] = map[string]any{}
		}
		paths[o.path()][strings.ToLower(o.method())] = o.describe(s)
	}
	return json.MarshalIndent(map[string]any{
		"openapi":           "3.1.1",
		"jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
		"info": map[string]any{
			"title": "Hearback", "version": version,
			"description": "All that the console reads and does, for programs. Every act is in the name of the account whose token it is, in the public log under its number. Two people are needed where the console needs two.",
			"license":     map[string]any{"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
		},
		"servers":  []any{map[string]any{"url": base}},
		"security": []any{map[string]any{"token": []string{}}},
		"paths":    paths,
		"components": map[string]any{
			"schemas": s,
			"securitySchemes": map[string]any{
				"token":   map[string]any{"type": "http", "scheme": "bearer", "description": "A token, made under Your account."},
				"session": map[string]any{"type": "apiKey", "in": "cookie", "name": office.SessionCookie, "description": "The session of a browser. It only reads."},
			},
			"responses": map[string]any{"Problem": map[string]any{
				"description": "What went wrong, in the language that Accept-Language asks for (RFC 9457).",
				"content":     map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Problem"}}},
			}},
		},
	}, "", " ")
}

func problemTypes() (list []string) {
	for _, k := range problemKinds {
		list = append(list, problemBase+k.Name)
	}
	return list
}

// describe is one operation in the document.
func (o *operation) describe(s schemas) map[string]any {
	params := []any{}
	for _, m := range inPath.FindAllStringSubmatch(o.path(), -1) {
		params = append(params, map[string]any{"name": m[1], "in": "path", "required": true, "schema": pathParams[m[1]]})
	}
	if o.method() == http.MethodGet {
		for _, f := range fields(o.in) {
			p := map[string]any{"name": f.name, "in": "query", "required": !f.optional, "schema": s.of(f.typ)}
			if f.doc != "" {
				p["description"] = f.doc
			}
			params = append(params, p)
		}
	}
	header := func(name, say string, required bool) {
		params = append(params, map[string]any{"name": name, "in": "header", "required": required, "description": say, "schema": map[string]any{"type": "string"}})
	}
	security := []any{map[string]any{"token": []string{}}}
	switch o.method() {
	case http.MethodGet:
		header("If-None-Match", "The ETag that you have; if it still holds the answer is 304.", false)
		security = append(security, map[string]any{"session": []string{}})
	case http.MethodPost:
		header("Idempotency-Key", "A word of your own for this act. Sent again within 24 hours with the same body, it gets the first answer again.", false)
	case http.MethodPut:
		header("If-Match", "The ETag of what you edit.", true)
	}
	ok := map[string]any{"description": "Done.", "headers": map[string]any{}}
	headers := ok["headers"].(map[string]any)
	media := "application/json"
	var schema map[string]any
	switch {
	case o.out == reflect.TypeFor[file]() && o.name != "openapi":
		media, schema = "text/x-opml", map[string]any{"type": "string"}
	case o.out == reflect.TypeFor[file]():
		schema = map[string]any{"type": "object"}
	default:
		schema = s.of(o.out)
	}
	ok["content"] = map[string]any{media: map[string]any{"schema": schema}}
	text := map[string]any{"type": "string"}
	if o.out.Implements(reflect.TypeFor[versioned]()) || o.method() == http.MethodGet {
		headers["ETag"] = map[string]any{"schema": text}
	}
	status := http.StatusOK
	if o.out.Implements(reflect.TypeFor[made]()) && o.method() == http.MethodPost {
		status = http.StatusCreated
		headers["Location"] = map[string]any{"schema": text}
	}
	problem := map[string]any{"$ref": "#/components/responses/Problem"}
	responses := map[string]any{strconv.Itoa(status): ok, "4XX": problem, "5XX": problem}
	if o.method() == http.MethodGet {
		responses["304"] = map[string]any{"description": "You have it already."}
	}
	d := map[string]any{
		"operationId": o.name, "summary": o.summary, "tags": []string{o.tag()}, "security": security, "responses": responses,
		"description": fmt.Sprintf("Scope: %s. Roles: %s.", access.ScopeOf(o.may), strings.Join(names(access.Who(o.may)), ", ")),
	}
	if len(params) > 0 {
		d["parameters"] = params
	}
	if o.method() != http.MethodGet && len(fields(o.in)) > 0 {
		needed := slices.ContainsFunc(fields(o.in), func(f field) bool { return !f.optional })
		d["requestBody"] = map[string]any{"required": needed, "content": map[string]any{"application/json": map[string]any{"schema": s.of(o.in)}}}
	}
	return d
}

// tag is the family of an operation: the first word of its path.
func (o *operation) tag() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(o.path(), "/api/v1/"), "/")
	name, _, _ = strings.Cut(name, ".")
	return name
}
