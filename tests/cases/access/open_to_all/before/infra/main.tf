resource "aws_security_group" "db" {
  ingress {
    cidr_blocks = ["10.0.0.0/8"]
  }
}
