"""Opens connections to mail servers as they were set up."""

from services.mailer.adapters.secrets import SecretMissing, resolved
from services.mailer.adapters.smtp import Connection, connect
from services.mailer.domain.server import MailServer, ServerUnavailable
from shared.contracts.dossier import MailServerSet


class SmtpExchange:
    """Connects by SMTP."""

    async def connect(self, server: MailServerSet) -> Connection:
        """Return an open connection; raise `ServerUnavailable`, also where the password is not to be found."""
        try:
            password = resolved(server.secret_ref) if server.secret_ref else None
        except SecretMissing as error:
            raise ServerUnavailable("login", None, str(error), permanent=True) from error
        return await connect(
            MailServer(
                host=server.host,
                port=server.port,
                security=server.security,
                user=server.user,
                password=password if server.user else None,
            )
        )
