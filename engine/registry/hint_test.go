package registry

import "testing"

// TestLoginHint shows what the error of a refused request says to do, for the
// registries of clouds, too.
func TestLoginHint(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	for _, test := range []struct {
		login login
		want  string
	}{
		{login{address: "r.example", certain: true}, ` (no credentials for r.example; run "docker login r.example")`},
		{login{address: "ghcr.io", certain: true}, ` (no credentials for ghcr.io; set GITHUB_TOKEN, or run "docker login ghcr.io")`},
		{login{address: ecr, certain: true}, ` (no credentials for ` + ecr + `; install docker-credential-ecr-login, and write "credHelpers": {"` + ecr + `": "ecr-login"} into the Docker configuration)`},
		{login{address: "corp.azurecr.io", certain: true}, ` (no credentials for corp.azurecr.io; install docker-credential-acr-env, and write "credHelpers": {"corp.azurecr.io": "acr-env"} into the Docker configuration)`},
		{login{address: "gcr.io", certain: true}, ` (no credentials for gcr.io; install docker-credential-gcr, and write "credHelpers": {"gcr.io": "gcr"} into the Docker configuration)`},
		{login{address: ecr, from: "the Docker configuration", where: "/root/.docker/config.json", isRefused: true},
			` (with the credentials for ` + ecr + ` of the Docker configuration; a login there ends after 12 hours, and docker-credential-ecr-login makes new ones)`},
		{login{address: ecr, from: "the Docker configuration", where: "docker-credential-ecr-login", isRefused: true}, ` (with the credentials for ` + ecr + ` of the Docker configuration)`},
		{login{address: "gcr.io", from: "the login of Google Cloud", isRefused: true}, ` (with the credentials for gcr.io of the login of Google Cloud)`},
	} {
		if got := test.login.hint(); got != test.want {
			t.Errorf("%+v\ngot  %s\nwant %s", test.login, got, test.want)
		}
	}
}
