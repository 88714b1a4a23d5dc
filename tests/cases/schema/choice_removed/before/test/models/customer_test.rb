class CustomerTest < ActiveSupport::TestCase
  test "has a name" do
    assert_equal "Ana", Customer.new(name: "Ana").name
  end

  test "keeps the choice of the newsletter" do
    assert Customer.new(newsletter: true).wants_mail?
  end
end
