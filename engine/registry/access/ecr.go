//go:build ecr

package access

import (
	"context"
	"io"

	ecr "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-containerregistry/pkg/authn"
)

func init() { ecrLogin = awsLogin }

// awsLogin asks the library of docker-credential-ecr-login. It looks for a login as all
// programs for AWS do: in variables, files, the identity of a pod, and on the machine.
func awsLogin(ctx context.Context, host string) (authn.Authenticator, error) {
	type answer struct {
		username, password string
		err                error
	}
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	answers := make(chan answer, 1)
	go func() { // the library takes no context
		username, password, err := ecr.NewECRHelper(ecr.WithLogger(io.Discard)).Get(host)
		answers <- answer{username, password, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-answers:
		if credentials.IsErrCredentialsNotFound(a.err) {
			return authn.Anonymous, nil
		}
		login := &placedLogin{where: "ecr-login", life: programLife, AuthConfig: authn.AuthConfig{Username: a.username, Password: a.password}}
		return login, a.err
	}
}
